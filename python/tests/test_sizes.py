"""The ladder of sizes that are tried where a signature leaves them open."""

from __future__ import annotations

import itertools

import pytest

from stele.contract.signature import Signature, TensorSpec
from stele.parity import generate, sizes
from stele.parity.generate import Sizes

FLOAT = 1


def signature(**shapes):
    specs = tuple(TensorSpec(name, FLOAT, shape, f"{name}:0") for name, shape in shapes.items())
    return Signature("serve", specs, (), "")


def shapes(*, batch=1, **inputs):
    """Return the shapes of all inputs, rung by rung."""
    specs = signature(**inputs)
    return [tuple(rung.fill(spec, batch) for spec in specs.inputs) for rung in sizes.rungs(specs)]


@pytest.mark.parametrize("closed", [{}, {"x": ()}, {"x": (3, 4), "y": (1,)}])
def test_what_is_not_open_has_no_ladder(closed):
    assert shapes(**closed) == []


def test_sizes_agree_among_inputs():
    found = shapes(ids=(None, None), mask=(None, None), weights=(None, None, 7))
    assert ((1, 128), (1, 128), (1, 128, 7)) in found
    # Where the first dimension is no batch: a graph's adjacency.
    assert ((16, 16), (16, 16), (16, 16, 7)) in found
    assert all(ids == mask for ids, mask, _ in found)


def test_images_have_three_channels_or_one():
    found = shapes(image=(None, None, None, None))
    assert {((1, 224, 224, 3),), ((1, 224, 224, 1),)} <= set(found)
    assert ((1, 299, 299, 4),) in shapes(image=(None, None, None, 4))


def test_each_input_of_unknown_rank_has_every_rank():
    found = {tuple(map(len, rung)) for rung in shapes(x=None, y=None)}
    assert found == set(itertools.product(range(6), repeat=2))


def test_many_inputs_of_unknown_rank_have_one_rank_at_a_time():
    found = {tuple(map(len, rung)) for rung in shapes(**dict.fromkeys("abcdefgh"))}
    assert found == {(rank,) * 8 for rank in range(6)}


def test_a_fixed_first_dimension_makes_no_batches():
    made = dict(generate.variants("m", signature(x=(None,)), sizes=Sizes(first=16_000)))
    assert {name: inputs["x"].shape for name, inputs in made.items()} == {
        "fixed": (16_000,),
        "edge": (16_000,),
    }
