"""Fills a binding's template with a model's signature and inputs."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jinja2 import Environment, FileSystemLoader, StrictUndefined, TemplateError, UndefinedError

from stele import paths, savedmodel
from stele.contract.codes import Code, SteleError
from stele.contract.dtypes import Array
from stele.contract.printable import printable
from stele.contract.signature import (
    DEFAULT_SIGNATURE,
    DEFAULT_TAGS,
    Signature,
    TensorSpec,
    find_signature,
    format_shape,
    format_tags,
    listed,
)
from stele.keras_model import file as keras_file
from stele.parity import expected
from stele.parity.binding import Binding, Snippet
from stele.parity.case import Target
from stele.snippet import literals, values


@dataclass(frozen=True)
class Tensor:
    """What a template sees of an input or an output.

    Attributes:
        name: As in the signature.
        label: The name on one line, for printing.
        dtype: Such as ``FP32``.
        shape: Of the value that the program gives; empty for a scalar, and of outputs.
        count: How many elements that has.
        values: The elements in a row, as Python has them; None where all are zero and too
            many to write.
    """

    name: str
    label: str
    dtype: str
    shape: tuple[int, ...] = ()
    count: int = 1
    values: tuple[Any, ...] | None = None


@dataclass(frozen=True)
class Commands:
    """What to type in an empty folder that holds the program.

    Attributes:
        setup: Gets the library, once for a folder.
        build: Makes something of the program.
        serve: For another terminal; empty where no server is needed.
        run: Runs it.
    """

    setup: tuple[str, ...]
    build: tuple[str, ...]
    serve: str
    run: str

    def lines(self) -> list[str]:
        """Return all of them, in the order in which they are typed."""
        served = [f"{self.serve}  # in another terminal"] if self.serve else []
        return [*self.setup, *self.build, *served, self.run]


@dataclass(frozen=True)
class Program:
    """A program, and what runs it.

    Attributes:
        binding: Whose language it is in.
        signature: That it runs.
        file: What the program is called in its folder.
        text: The program.
        commands: To be typed in that folder.
        inputs: What it gives the model, by name.
    """

    binding: str
    signature: str
    file: str
    text: str
    commands: Commands
    inputs: Mapping[str, Array]


def write(target: Target, binding: Binding, signature: str | None = None) -> Program:
    """Write the program that runs a signature of a model through a binding.

    Args:
        target: The model.
        binding: Whose language and library.
        signature: Its name; None for ``serving_default``, or the only one.

    Raises:
        SteleError: UNIMPLEMENTED for a binding without a template, for a dtype or a name that
            it cannot write, and for a model that is loaded by other tags than ``serve``;
            NOT_FOUND for an unknown signature; INVALID_ARGUMENT when there are several and
            none is named; RESOURCE_EXHAUSTED for inputs too large to write.
    """
    snippet = binding.snippet
    if snippet is None:
        raise SteleError(Code.UNIMPLEMENTED, f'binding "{binding.id}" has no snippet')
    if set(target.tags) != set(DEFAULT_TAGS):
        tags = format_tags(target.tags)
        raise SteleError(
            Code.UNIMPLEMENTED, f'"{target.name}" is loaded by the tags {tags}, not by {{serve}}'
        )
    meta_graph = savedmodel.load(target.folder, target.tags)
    signatures = savedmodel.signatures(meta_graph)
    found = find_signature(signatures, _chosen(signatures, signature))
    arrays = values.inputs(target.name, found, expected.of_meta_graph(meta_graph).get(found.name))
    commands = _commands(binding, snippet, target, found.name)
    view = {
        "about": _about(target, binding, found, commands),
        "model": _model_name(target),
        "signature": found.name,
        "default": found.name == DEFAULT_SIGNATURE,
        "inputs": [_input(spec, arrays[spec.name]) for spec in found.inputs if spec.name in arrays],
        "outputs": [Tensor(spec.name, printable(spec.name), spec.dtype) for spec in found.outputs],
        "dtypes": {spec.dtype for spec in (*found.inputs, *found.outputs)},
        "input_dtypes": {spec.dtype for spec in found.inputs if spec.name in arrays},
        "output_dtypes": {spec.dtype for spec in found.outputs},
    }
    text = _rendered(binding, snippet, view)
    return Program(binding.id, found.name, snippet.program, text, commands, arrays)


def _chosen(signatures: Mapping[str, Signature], name: str | None) -> str:
    if name is not None:
        return name
    if DEFAULT_SIGNATURE not in signatures and len(signatures) != 1:
        raise SteleError(Code.INVALID_ARGUMENT, f"say which --signature: {listed(signatures)}")
    return DEFAULT_SIGNATURE if DEFAULT_SIGNATURE in signatures else next(iter(signatures))


def _model_name(target: Target) -> str:
    """Return what a server is told to call the model."""
    return "".join(char if char.isalnum() and char.isascii() else "-" for char in target.name)


def _commands(binding: Binding, snippet: Snippet, target: Target, signature: str) -> Commands:
    places = {
        "{root}": str(paths.repo_root()),
        "{build}": str(paths.build_dir()),
        "{folder}": str(binding.folder),
        "{python}": sys.executable,
        "{model}": str(target.folder.resolve()),
        "{name}": _model_name(target),
        "{signature}": signature,
        "{program}": snippet.program,
    }
    if "{keras}" in snippet.run:
        places["{keras}"] = str(_keras_file(target, signature).resolve())

    def fill(command: str) -> str:
        for placeholder, value in places.items():
            command = command.replace(placeholder, shlex.quote(value))
        return command

    setup, build = (tuple(map(fill, commands)) for commands in (snippet.setup, snippet.build))
    return Commands(setup, build, fill(snippet.serve), fill(snippet.run))


def _keras_file(target: Target, signature: str) -> Path:
    """Return the Keras model that answers as the signature does.

    Raises:
        SteleError: UNIMPLEMENTED for another signature than the one that Keras exports it as,
            and for a SavedModel without its Keras model.
    """
    if signature != DEFAULT_SIGNATURE:
        raise SteleError(Code.UNIMPLEMENTED, f'signature "{signature}" of a Keras model in memory')
    file = keras_file.beside(target.folder)
    if file is None:
        raise SteleError(
            Code.UNIMPLEMENTED, f'"{target.name}" is a SavedModel without its model.keras beside it'
        )
    return file


def _input(spec: TensorSpec, array: Array) -> Tensor:
    few = array.dtype == object or 0 < array.size <= values.MOST_LITERALS
    elements = tuple(_plain(element) for element in array.reshape(-1)) if few else None
    return Tensor(spec.name, printable(spec.name), spec.dtype, array.shape, array.size, elements)


def _plain(element: Any) -> Any:  # noqa: ANN401  (of any dtype)
    """Return an element as Python's own type, which Jinja2 writes as Python does."""
    if isinstance(element, bytes):
        return element
    # What ml_dtypes adds to NumPy has no item() of Python's.
    return float(element) if np.dtype(type(element)).kind in "fV" else element.item()


def _about(target: Target, binding: Binding, signature: Signature, commands: Commands) -> list[str]:
    """Return the lines of the comment that the program begins with."""
    lines = [f'Runs the signature "{printable(signature.name)}" of {printable(target.name)}:']
    for kind, specs in (("input", signature.inputs), ("output", signature.outputs)):
        lines += [
            f"  {kind} {printable(spec.name)} {spec.dtype} {format_shape(spec.shape)}"
            for spec in specs
        ]
    assert binding.snippet is not None  # noqa: S101  (who calls has seen to it)
    lines.append(f"In an empty folder, with this program as {binding.snippet.program}:")
    return lines + [f"  {line}" for command in commands.lines() for line in command.splitlines()]


def _rendered(binding: Binding, snippet: Snippet, view: Mapping[str, Any]) -> str:
    # S701 is about HTML; this is no page.
    environment = Environment(  # noqa: S701
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        # A folder may stand on another's templates, as its library does.
        loader=FileSystemLoader((snippet.template.parent, paths.bindings_dir())),
    )
    environment.filters |= literals.FILTERS
    environment.tests |= literals.TESTS
    try:
        return environment.get_template(snippet.template.name).render(view)
    except UndefinedError as error:
        raise SteleError(
            Code.UNIMPLEMENTED,
            f'the snippet of "{binding.id}" cannot write this signature: {error}',
        ) from error
    except TemplateError as error:
        raise SteleError(Code.INTERNAL, f"{snippet.template}: {error}") from error
