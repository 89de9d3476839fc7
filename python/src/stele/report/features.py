"""What each binding does: from what was observed, and from its ``binding.toml``."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from stele.contract import dtypes
from stele.parity.binding import Binding
from stele.parity.record import Outcome, Result, WorkerInfo
from stele.report.runs import Run
from stele.report.tables import Cell, Table

COLUMNS = (
    "binding", "language", "where", "dtypes", "strings", "session config", "bad input",
    "crashes", "TensorFlow", "example", "stands on", "licence",
)  # fmt: skip

# Of the zoo: a signature for each dtype.
_DTYPES_MODEL = "dtypes"


def table(runs: Sequence[Run], bindings: Mapping[str, Binding]) -> Table:
    """Return a row for each binding that a run speaks of."""
    results = [r for run in runs for r in run.results]
    infos = [r for run in runs for r in run.records if isinstance(r, WorkerInfo)]
    seen = dict.fromkeys([r.binding for r in results] + [i.binding for i in infos])
    names = [name for name in seen if name in bindings]
    rows = [
        _row(
            bindings[name],
            [r for r in results if r.binding == name],
            [i for i in infos if i.binding == name],
        )
        for name in names
    ]
    lead = (
        "From what these runs observed, not from what anybody claims; “stands on” and the licence "
        "are from binding.toml, and the example's lines are counted."
    )
    return Table("Features", lead, COLUMNS, rows, names)


def _row(binding: Binding, results: list[Result], infos: list[WorkerInfo]) -> list[Cell]:
    bad = [r for r in results if r.case.startswith("bad/")]
    passed = sum(r.outcome is Outcome.PASS for r in bad)
    crashes = sum(r.outcome is Outcome.CRASH for r in results)
    versions = ", ".join(dict.fromkeys(info.tensorflow for info in infos if info.tensorflow))
    lines = example_lines(binding)
    return [
        Cell(binding.id, note=binding.summary),
        Cell(binding.language),
        Cell(place(binding, infos)),
        _dtypes(results),
        _strings(results),
        _config(bad),
        Cell(f"{passed}/{len(bad)}" if bad else "-"),
        Cell(str(crashes) if results else "-", "bad" if crashes else ""),
        Cell(versions or "none"),
        Cell(f"{lines} lines" if lines else "-"),
        Cell(binding.upstream),
        Cell(binding.licence),
    ]


def place(binding: Binding, infos: Sequence[WorkerInfo]) -> str:
    """Say where the model runs: no library of TensorFlow's mapped is a converted model."""
    if binding.in_process:
        return "embedded"
    converted = infos and all(not info.libraries for info in infos)
    return "converted" if converted else "server"


def language(binding: Binding) -> str:
    """Return the language without its version, for a reader to choose."""
    found = re.match(r"[A-Za-z]+[#+]*", binding.language)
    return found[0] if found else binding.language


def example_lines(binding: Binding) -> int:
    """Return how many lines of the digits example are code; 0 where it has none."""
    named = [Path(word) for word in binding.example if word.startswith(str(binding.folder))]
    sources = [file for file in named if file.is_file()]
    sources = sources or sorted((binding.folder / "examples").glob("digits.*"))
    if not binding.example or not sources:
        return 0
    return sum(
        bool(line.strip()) and not re.match(r"\s*(//|#(?!include)|/?\*)", line)
        for line in sources[0].read_text().splitlines()
    )


def _dtypes(results: Sequence[Result]) -> Cell:
    mine = [r for r in results if r.model == _DTYPES_MODEL]
    if not mine:
        return Cell("-")
    able = [name for name in dtypes.BY_NAME if _passes(mine, f"{name.lower()}-rank")]
    missing = [name for name in dtypes.BY_NAME if name not in able]
    note = f"not: {', '.join(missing)}" if missing else "all"
    return Cell(f"{len(able)} of {len(dtypes.BY_NAME)}", "" if missing else "good", note)


def _strings(results: Sequence[Result]) -> Cell:
    mine = [r for r in results if r.model == _DTYPES_MODEL]
    if not mine:
        return Cell("-")
    if not _passes(mine, "bytes-rank"):
        return Cell("no", "grey")
    any_bytes = _passes(mine, "bytes-invalid") and _passes(mine, "bytes-nul")
    return Cell("any bytes", "good") if any_bytes else Cell("text only", "near")


def _passes(results: Sequence[Result], prefix: str) -> bool:
    mine = [r for r in results if r.case.startswith(prefix)]
    return bool(mine) and all(r.outcome is Outcome.PASS for r in mine)


def _config(bad: Sequence[Result]) -> Cell:
    """A binding that refuses a config as malformed reads configs."""
    mine = [r for r in bad if "config" in r.case]
    if not mine:
        return Cell("-")
    if any(r.outcome is Outcome.UNSUPPORTED for r in mine):
        return Cell("no", "grey")
    return Cell("yes", "good") if all(r.outcome is Outcome.PASS for r in mine) else Cell("partly")
