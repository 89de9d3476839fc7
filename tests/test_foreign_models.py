"""Models that are not in the zoo are inspected and checked with no change to the code."""

from __future__ import annotations

import contextlib
import io
import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from stele import cli
from tests.conftest import claimed

# All that run the SavedModel itself: without a Keras file python-keras has nothing
# to run, and a converter has limits of its own, which what runs its models then meets.
CONVERTED = ("js-browser-", "js-onnx", "python-onnx", "python-litert")
CHAIN = "python-tf,python-session,c"
# Those that read a SavedModel in code of their own.
READERS = "python-tf,python-session,c,rust,js-node"
ALL = ",".join(name for name in claimed() if not name.startswith(("python-keras", *CONVERTED)))


def everybody_agrees(records: list) -> set[str]:
    """Return the bindings that ran, after seeing that none of their cells is red."""
    found = [r for r in records if r["type"] == "result"]
    grey = ("pass", "unsupported", "not-answered", "setup")
    assert [r for r in found if r["outcome"] not in grey] == []
    return {r["binding"] for r in found if r["outcome"] == "pass"}


@pytest.fixture(autouse=True)
def not_strict(monkeypatch: pytest.MonkeyPatch) -> None:
    """In CI nothing may be left unanswered, which some of these models are made for."""
    monkeypatch.delenv("CI", raising=False)


def check(folder: Path, *arguments: str) -> tuple[int, list]:
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        status = cli.main(["check", *arguments, "--json", "--out", str(folder / "out")])
    return status, [json.loads(line) for line in printed.getvalue().splitlines()]


def together(foreign: Path, folder: Path, names: list[str], *arguments: str) -> dict[str, list]:
    """Check models in one run, whose workers start once; return the records of each model."""
    with pytest.MonkeyPatch.context() as patched:
        patched.delenv("CI", raising=False)
        status, records = check(folder, *(str(foreign / name) for name in names), *arguments)
    assert status == 0
    return {name: [r for r in records if r.get("model", name) == name] for name in names}


@pytest.fixture(scope="module")
def by_all(foreign: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, list]:
    names = ["several", "tensorflow_1", "session_only", "odd", "defaults"]
    return together(foreign, tmp_path_factory.mktemp("all"), names, "--binding", ALL)


@pytest.fixture(scope="module")
def by_chain(foreign: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, list]:
    names = ["sizes", "stateful"]
    return together(foreign, tmp_path_factory.mktemp("chain"), names, "--binding", CHAIN)


@pytest.fixture(scope="module")
def by_chain_of_good_input(
    foreign: Path, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, list]:
    names = ["picky_values", "enormous", "pixels", "endless"]
    arguments = ["--no-bad-input", "--binding", CHAIN]
    return together(foreign, tmp_path_factory.mktemp("good"), names, *arguments)


@pytest.fixture(scope="module")
def by_readers(foreign: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, list]:
    names = ["keras_saved", "beyond_64_mib", "two_sets_of_tags", "unknown_op"]
    arguments = ["--no-bad-input", "--binding", READERS]
    return together(foreign, tmp_path_factory.mktemp("readers"), names, *arguments)


def results(records: list, binding: str) -> dict[str, dict]:
    return {r["case"]: r for r in records if r["type"] == "result" and r["binding"] == binding}


def coverage(records: list) -> dict[str, tuple[int, int]]:
    found = [r for r in records if r["type"] == "coverage"]
    return {r["signature"]: (r["answered"], r["cases"]) for r in found}


def links(records: list) -> dict[str, dict]:
    return {r["link"]: r for r in records if r["type"] == "link"}


def test_several_signatures_and_odd_names(by_all) -> None:
    records = by_all["several"]
    assert {"python-tf", "python-session", "c"} <= everybody_agrees(records)
    answered = results(records, "c")
    for signature in ("a/b:c", "look up", "Repeat-1"):
        assert answered[f"{signature}/edge"]["outcome"] == "pass"
    assert answered["a/b:c/batch3"]["identical"]
    classes = {r["library_class"] for r in records if r["type"] == "worker"}
    # A function and a session: two execution paths of one library.
    assert len(classes) == 2
    assert "unproven" not in classes


def test_tensorflow_1_model(by_all) -> None:
    records = by_all["tensorflow_1"]
    answered = results(records, "c")
    assert answered["predict_images/batch3"]["identical"]
    # A serialized tf.Example; edge bytes are none: refused, with one code.
    assert answered["serving_default/batch3"]["identical"]
    refused = results(records, "python-tf")["serving_default/edge"]["detail"]
    assert "refused" in refused
    assert coverage(records)["predict_images"] == (4, 5)
    assert coverage(records)["serving_default"] == (3, 5)


def test_inputs_are_what_the_ops_that_they_reach_can_read(by_chain_of_good_input) -> None:
    records = by_chain_of_good_input["picky_values"]
    answered = results(records, "c")
    signatures = ("base64", "columns", "examples", "jpeg", "number", "png", "rows", "wav")
    for signature in signatures:
        for batch in ("batch1", "batch3", "batch8"):
            assert answered[f"{signature}/{batch}"]["identical"], answered[f"{signature}/{batch}"]
    assert set(coverage(records)) == set(signatures)


def test_inputs_too_large_to_be_made_up_are_refused_by_name(by_chain_of_good_input) -> None:
    records = by_chain_of_good_input["enormous"]
    answered = results(records, "c")
    assert answered["small/fixed"]["identical"]
    for signature, words in (("large", "720000000000 bytes"), ("deep", "100 dimensions")):
        assert answered[f"{signature}/refused"]["outcome"] == "not-run"
        assert (
            f'RESOURCE_EXHAUSTED: input "x" has {words}'
            in answered[f"{signature}/refused"]["detail"]
        )


def test_images_are_made_in_0_to_255_too(by_chain_of_good_input) -> None:
    answered = results(by_chain_of_good_input["pixels"], "c")
    assert answered["serving_default/pixels"]["identical"]
    assert not answered["serving_default/batch3"]["identical"]


def test_sizes_that_a_signature_leaves_open_are_tried_on_the_reference(by_chain) -> None:
    records = by_chain["sizes"]
    answered = results(records, "c")
    for case in ("image/batch1", "image/batch3", "ranks/batch3", "sound/fixed"):
        assert answered[case]["identical"], answered[case]
    assert answered["bad/still-serving"]["identical"]
    assert coverage(records)["hopeless"][0] == 0
    (open_,) = [r for r in records if r["type"] == "coverage" and not r["answered"]]
    assert "--inputs" in open_["remedy"]


def test_model_that_tensorflow_2_refuses_has_the_session_as_its_reference(by_all) -> None:
    records = by_all["session_only"]
    # That is said of the first link; all who can run the model agree.
    assert "python-tf refuses the model" in links(records)["export to python-tf"]["detail"]
    assert links(records)["python-session twice"]["ok"]
    answered = results(records, "c")
    assert answered["serving_default/batch3"]["identical"]
    assert {r["outcome"] for r in answered.values()} == {"pass", "not-answered"}
    assert results(records, "python-tf")["load"]["outcome"] == "unsupported"


def test_input_that_is_an_output_no_output_and_a_tensor_gone(by_all) -> None:
    records = by_all["odd"]
    assert {"python-session", "c"} <= everybody_agrees(records)
    answered = results(records, "c")
    assert answered["through/edge"]["identical"]
    assert answered["nothing/batch3"]["outcome"] == "pass"
    assert results(records, "python-session")["gone/batch3"]["outcome"] == "not-answered"
    assert "nothing" not in coverage(records)


def test_defaults_stand_for_inputs_that_are_missing(by_all, foreign, tmp_path) -> None:
    file = tmp_path / "mine.npz"
    np.savez(file, x=np.ones(3, np.float32))
    model = str(foreign / "defaults")
    in_process = ["--in-process", "--binding", ALL]
    status, records = check(tmp_path, model, "--inputs", str(file), *in_process)
    assert status == 0
    assert {"python-tf", "python-session", "c"} <= everybody_agrees(records)
    assert results(records, "c")["mine.npz"]["identical"]
    # Of the three inputs, one is missed by the bad-input table.
    assert results(by_all["defaults"], "c")["bad/missing-input"]["outcome"] == "pass"


def test_signature_that_disagrees_with_its_graph_is_refused_with_one_code(
    foreign, tmp_path
) -> None:
    arguments = [str(foreign / "disagreeing"), "--no-bad-input", "--binding", ALL]
    status, records = check(tmp_path, *arguments)
    assert status == 3
    everybody_agrees(records)
    assert coverage(records) == {"number": (0, 5), "text": (0, 5)}


def test_model_that_is_not_deterministic_is_caught_at_its_link(foreign, tmp_path) -> None:
    status, records = check(
        tmp_path, str(foreign / "random"), "--binding", "python-tf,python-session"
    )
    assert status == 1
    assert "not deterministic" in links(records)["python-tf twice"]["detail"]
    assert "draws random numbers (RandomUniform)" in links(records)["python-tf twice"]["detail"]


def test_augmentation_left_in_the_export_is_caught_at_link_one(tmp_path) -> None:
    assert cli.main(["train", "augmented"]) == 0
    status, records = check(tmp_path, "augmented", "--binding", "python-keras,python-tf")
    assert status == 1
    broken = links(records)["python-keras to python-tf"]
    assert not broken["ok"]
    assert "the export differs from the model in memory" in broken["detail"]
    heldout = results(records, "python-keras")["heldout"]
    assert "the export is not deterministic; the model in memory is" in heldout["detail"]


def test_the_graph_optimizer_is_named_at_its_link_and_fails_nobody(foreign, tmp_path) -> None:
    arguments = [str(foreign / "folded"), "--signature", "serving_default"]
    status, records = check(tmp_path, *arguments, "--binding", CHAIN)
    assert status == 0
    link = links(records)["python-tf to python-session"]
    assert link["ok"]
    assert "graph optimizer (constant folding)" in link["detail"]
    assert {"pass", "differs"} <= {
        r["outcome"] for r in results(records, "python-session").values()
    }
    assert {r["outcome"] for r in results(records, "c").values()} == {"pass"}


def test_the_profile_python_gives_the_functions_bits_in_every_binding(foreign, tmp_path) -> None:
    arguments = [str(foreign / "folded"), "--signature", "serving_default", "--no-bad-input"]
    profile = ["--in-process", "--binding", ALL, "--config", "python"]
    status, records = check(tmp_path, *arguments, *profile)
    assert status == 0
    # The session in Python is the other reference, in the default profile.
    records = [r for r in records if r.get("binding") != "python-session"]
    ran = everybody_agrees(records)
    assert {"python-tf", "c"} <= ran
    # One class: these are held to equal bits.
    assert len({r["library_class"] for r in records if r["type"] == "worker"}) == 1
    for binding in ran:
        answered = results(records, binding)
        for case in ("batch1", "batch3", "batch8", "edge"):
            assert answered[f"serving_default/{case}"]["identical"], binding


def test_what_writes_is_a_sequence_from_a_fresh_load(by_chain) -> None:
    answered = results(by_chain["stateful"], "c")
    for case in ("predict/batch3", "train/batch1", "train/batch8", "bad/still-serving"):
        assert answered[case]["identical"], answered[case]
    assert answered["store/fixed"]["outcome"] == "not-run"
    assert "--allow-writes" in answered["store/fixed"]["detail"]


def test_a_case_without_end_is_dropped(by_chain_of_good_input) -> None:
    records = by_chain_of_good_input["endless"]
    for binding in CHAIN.split(","):
        outcomes = {case: r["outcome"] for case, r in results(records, binding).items()}
        assert outcomes == {"serving_default/fixed": "pass", "serving_default/edge": "not-run"}
        assert "dropped" in results(records, binding)["serving_default/edge"]["detail"]


def test_a_graph_beyond_64_mib_is_read(foreign, by_readers) -> None:
    assert (foreign / "beyond_64_mib" / "saved_model.pb").stat().st_size > 64 << 20
    records = by_readers["beyond_64_mib"]
    assert everybody_agrees(records) == set(READERS.split(","))
    for binding in READERS.split(","):
        assert results(records, binding)["serving_default/batch8"]["identical"], binding


def test_a_keras_model_that_tensorflow_saved_is_refused_with_the_way_out(by_readers) -> None:
    answered = results(by_readers["keras_saved"], "python-tf")
    assert answered["serving_default/batch3"]["identical"]
    for binding in ("c", "rust", "js-node"):
        refused = results(by_readers["keras_saved"], binding)["serving_default/batch3"]
        assert refused["outcome"] == "not-answered"
        assert "write it with model.export()" in refused["detail"]


def test_an_op_that_nobody_has_loaded_is_named_by_all(by_readers) -> None:
    for binding in READERS.split(","):
        (refused,) = results(by_readers["unknown_op"], binding).values()
        assert (refused["case"], refused["outcome"]) == ("load", "not-answered"), binding
        assert "an op that this TensorFlow does not have" in refused["detail"]


def test_each_set_of_tags_has_a_graph_of_its_own(foreign, by_readers, tmp_path) -> None:
    assert everybody_agrees(by_readers["two_sets_of_tags"]) == set(READERS.split(","))
    model, sessions = foreign / "two_sets_of_tags", READERS.removeprefix("python-tf,")
    arguments = ["--tags", "serve,gpu", "--no-bad-input", "--binding", sessions]
    status, records = check(tmp_path, str(model), *arguments)
    assert status == 0
    assert everybody_agrees(records) == set(sessions.split(","))
    assert results(records, "c")["serving_default/batch3"]["identical"]


def test_one_model_that_cannot_be_run_does_not_stop_the_rest(foreign, tmp_path) -> None:
    twin = tmp_path / "twin" / "doubler"
    shutil.copytree(foreign / "doubler", twin)
    models = [str(foreign / name) for name in ("unsigned", "doubler")]
    arguments = [*models, str(twin), "--no-bad-input", "--binding", "python-tf"]
    status, records = check(tmp_path, *arguments)
    assert status == 3
    failed, *ran = [r for r in records if r["type"] == "result"]
    assert (failed["model"], failed["outcome"]) == ("unsigned", "not-run")
    assert "there is no signature to call" in failed["detail"]
    assert {r["model"] for r in ran} == {f"{foreign.name}/doubler", "twin/doubler"}


def test_inputs_from_a_file(foreign, tmp_path) -> None:
    file = tmp_path / "mine.npz"
    np.savez(file, features=np.ones((2, 4), np.float32))
    arguments = [str(foreign / "several"), "--inputs", str(file), "--binding", ALL]
    status, records = check(tmp_path, *arguments, "--signature", "a/b:c")
    assert status == 0
    assert results(records, "c")["mine.npz"]["identical"]


def test_inputs_that_do_not_fit_are_refused_alike(foreign, tmp_path) -> None:
    file = tmp_path / "mine.npz"
    np.savez(file, features=np.ones((2, 5), np.float32))
    arguments = [str(foreign / "several"), "--inputs", str(file), "--binding", ALL]
    status, records = check(tmp_path, *arguments, "--signature", "a/b:c")
    # Nothing was answered: no failure, and no success either.
    assert status == 3
    assert results(records, "c")["mine.npz"]["outcome"] == "not-answered"


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (["no-such-model"], 3, "neither a zoo model"),
        (["digits", "--binding", "fortran-77"], 2, 'no binding "fortran-77"'),
        (["digits", "--signature", "nope"], 3, 'no signature "nope"'),
        (["digits", "--cases", "nothing-like-this"], 3, "no case"),
        (["digits", "--inputs", "missing.npz", "--signature", "serve"], 3, "missing.npz"),
        (["--inputs", "missing.npz"], 2, "exactly one model"),
        (["digits", "--level", "1"], 2, "exactly one --binding"),
    ],
)
def test_what_cannot_be_run_is_said_in_one_line(arguments, status, words, capsys) -> None:
    try:
        got = cli.main(["check", *arguments])
    except SystemExit as end:
        got = end.code
    printed = capsys.readouterr().err
    assert got == status
    assert words in printed
    assert "Traceback" not in printed
