"""Models that one TensorFlow wrote and another reads: are the answers the writer's own?

    python -m tests.old_models.compare [--update FILE]

Every older TensorFlow that has an environment writes small models and answers by them; the
TensorFlow here then answers in every binding in process. And the other way round: models of
the TensorFlow here, read by the older ones in Python, and by clients on their C libraries.
An answer is held against the writer's of the same execution path, function or session.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from stele import marked, paths
from stele.bench.table import markdown
from stele.contract import npz
from stele.contract.bundle import RawTensor, write_bundle
from stele.libtensorflow.wheel import find_wheel
from stele.parity import explain
from stele.parity.binding import Binding, SetupError, discover
from stele.parity.case import Case, Target
from stele.parity.compare import compare
from stele.parity.conversation import Answer, Conversation
from stele.parity.report import place_in_full
from tests.old_models.environment import ENVIRONMENTS

PROGRAM = Path(__file__).with_name("by_tensorflow.py")
CLIENTS = ("c", "rust", "js-node")
"""Independent readings of a SavedModel, each on the C library that it is told of."""
SIGNATURE = "serving_default"
MARKS = "old-models"

Outputs = Mapping[str, RawTensor] | str
"""What was answered, by name; or the words of who refused."""
ByModel = dict[str, Outputs]


@dataclass(frozen=True)
class TensorFlow:
    """One TensorFlow, and the Python that imports it.

    Attributes:
        version: All of it.
        python: The interpreter.
        library: The folder of its C library.
    """

    version: str
    python: Path
    library: Path

    def run(self, *arguments: str | Path) -> None:
        """Run `PROGRAM` with it.

        Raises:
            subprocess.CalledProcessError: It cannot, and has said why.
        """
        quiet = {"TF_CPP_MIN_LOG_LEVEL": "3", "KERAS_BACKEND": "tensorflow"}
        subprocess.run(
            [self.python, PROGRAM, *arguments],
            check=True, stderr=subprocess.DEVNULL, env=os.environ | quiet,
        )  # fmt: skip


@dataclass(frozen=True)
class Row:
    """What became of a model.

    Attributes:
        writer: The version that wrote it.
        reader: The version that read it.
        model: Its name.
        who: Who read it: ``python-tf``, ``c``.
        bits: Whether all bits are the writer's; None where nothing was answered.
        ulp: At most so far off.
        wrong: Why it is too far off, or answers what the writer refuses; empty where it is not.
        refused: The words of who refused.
    """

    writer: str
    reader: str
    model: str
    who: str
    bits: bool | None
    ulp: int
    wrong: str
    refused: str


def here() -> TensorFlow:
    """Return the one of the checkout."""
    wheel = find_wheel()
    return TensorFlow(wheel.version, Path(sys.executable), wheel.folder)


def older() -> list[TensorFlow]:
    """Return those that have an environment."""
    return [
        TensorFlow(one.version(), one.python, one.library)
        for one in ENVIRONMENTS.values()
        if one.installed
    ]


def judge(expected: Outputs, got: Outputs) -> tuple[bool | None, int, str, str]:
    """Return what a row says of an answer: its bits, ULP, what is wrong, who refused."""
    if isinstance(got, str):
        # What the writer itself does not run in this way says nothing of the reader.
        return None, 0, "" if isinstance(expected, str) else got, got
    if isinstance(expected, str):
        return None, 0, f"answers what the writer refuses: {expected}", ""
    if expected.keys() != got.keys():
        return False, 0, f"outputs {', '.join(got)} in place of {', '.join(expected)}", ""
    found = [compare(k, right, got[k], same_class=False) for k, right in expected.items()]
    wrong = "; ".join(f"{one.name}: {one.problem}" for one in found if one.problem)
    ulp = max((one.ulp or 0 for one in found), default=0)
    return all(one.identical for one in found), ulp, wrong, ""


def answers(folder: Path, path: str) -> ByModel:
    """Return what a TensorFlow in Python wrote down, by model, of one execution path."""
    found: ByModel = {}
    for file in sorted(folder.glob(f"*.{path}.*")):
        name = file.name.partition(".")[0]
        if file.suffix == ".txt":
            found[name] = " ".join(file.read_text().split())
        else:
            found[name] = {key: RawTensor.of(array) for key, array in npz.read(file).items()}
    return found


def ask(binding: Binding, models: Path, folder: Path, reader: TensorFlow) -> ByModel:
    """Return what a binding answers, by model, with the C library of a TensorFlow.

    Raises:
        SetupError: It does not run here, or runs another TensorFlow.
    """
    conversation = Conversation(
        binding, folder, environment={"STELE_LIBTENSORFLOW": str(reader.library)}
    )  # fmt: skip
    try:
        binding.require()
        found = {one.name: _outputs(conversation, one) for one in sorted(models.iterdir())}
        if (ran := conversation.hello.get("tensorflow")) != reader.version:
            raise SetupError(f"has run TensorFlow {ran} in place of {reader.version}")
        return found
    finally:
        conversation.stop()


def _outputs(conversation: Conversation, model: Path) -> Outputs:
    loaded = conversation.try_open(Target(model.name, model / "saved_model"))
    if isinstance(loaded, Answer):
        return explain.own_words(loaded)
    write_bundle(model / "inputs", npz.read(model / "inputs.npz"))
    answer = conversation.run(Case(SIGNATURE, SIGNATURE, model / "inputs"))
    return answer.outputs if answer.outputs is not None else explain.own_words(answer)


def rows(writer: TensorFlow, reader: TensorFlow, folder: Path) -> Iterator[Row]:
    """Let one write and answer, let the other read, and compare.

    Args:
        writer: Its models and answers are what is due.
        reader: Its answers are compared.
        folder: To work in; what was there is replaced.
    """
    shutil.rmtree(folder, ignore_errors=True)
    models = folder / "models"
    print(f"written by {writer.version}, read by {reader.version}", file=sys.stderr, flush=True)
    writer.run("write", models)
    writer.run("read", models, folder / "expected")
    for who, path, got in _readers(reader, models, folder):
        due = answers(folder / "expected", path)
        for name, outputs in got.items():
            found = judge(due[name], outputs)
            yield Row(writer.version, reader.version, name, who, *found)


def _readers(reader: TensorFlow, models: Path, folder: Path) -> Iterator[tuple[str, str, ByModel]]:
    """Yield who reads, on which execution path, and what it answers by model."""
    bindings = discover()
    own = reader.version == here().version
    if own:
        chosen = [b for b in bindings.values() if b.in_process and not b.comparator]
        # Without a Keras file there is nothing for it to run.
        chosen = [b for b in chosen if b.id != "python-keras"]
    else:
        reader.run("read", models, folder / "python")
        yield "python-tf", "function", answers(folder / "python", "function")
        yield "python-session", "session", answers(folder / "python", "session")
        chosen = [bindings[name] for name in CLIENTS]
    for binding in chosen:
        try:
            got = ask(binding, models, folder / binding.id, reader)
        except SetupError as error:
            print(f"not asked: {binding.id}: {error}", file=sys.stderr)
        else:
            yield binding.id, binding.execution, got


def table(found: Sequence[Row]) -> str:
    """Return the rows in Markdown: of a pair of versions, models that fared alike share a line."""
    header = ["written by", "read by", "model", "bindings", "bits of the writer", "ULP at most",
              "refused, as by the writer"]  # fmt: skip
    alike: dict[tuple[str, ...], list[str]] = {}
    for key in dict.fromkeys((row.writer, row.reader, row.model) for row in found):
        ours = [row for row in found if (row.writer, row.reader, row.model) == key]
        writer, reader, model = key
        bits = sum(row.bits is True for row in ours)
        refused = sum(bool(row.refused) for row in ours)
        figures = (len(ours), bits, max(row.ulp for row in ours), refused)
        alike.setdefault((writer, reader, *map(str, figures)), []).append(f"`{model}`")
    lines = [header]
    for (writer, reader, *told), models in alike.items():
        lines.append([writer, reader, ", ".join(models), *told])
    return f"{markdown(lines)}\n\n{place_in_full()}"


def main() -> int:
    """Compare, and print or write the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--update", type=Path, metavar="FILE", help="write it between the marks")
    args = parser.parse_args()
    folder = paths.build_dir() / "old-models"
    pairs = [(old, here()) for old in older()] + [(here(), old) for old in older()]
    found = [
        row
        for writer, reader in pairs
        for row in rows(writer, reader, folder / f"{writer.version}-{reader.version}")
    ]
    wrong = [row for row in found if row.wrong]
    for row in wrong:
        print(f"{row.writer} read by {row.reader}, {row.model}, {row.who}: {row.wrong}")
    if args.update and not wrong:
        marked.replace(args.update, MARKS, table(found))
    else:
        print(table(found))
    return int(bool(wrong) or not found)


if __name__ == "__main__":
    sys.exit(main())
