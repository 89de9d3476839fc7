"""What each binding does: from what was observed, and from its ``binding.toml``."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from stele.contract import dtypes
from stele.parity.binding import Binding
from stele.parity.record import Outcome, Result, WorkerInfo
from stele.report.runs import Run
from stele.report.tables import Cell, Table

COLUMNS = (
    "binding", "language", "where", "strings", "session config", "bad input", "crashes",
    "TensorFlow", "example", "needs", "stands on", "licence",
)  # fmt: skip

# Of the zoo: a signature for each dtype.
_DTYPES_MODEL = "dtypes"


def tables(runs: Sequence[Run], bindings: Mapping[str, Binding]) -> list[Table]:
    """Return what the bindings of these runs do, dtype by dtype too, and which cannot run."""
    names = seen(runs, bindings)
    results = [r for run in runs for r in run.results]
    infos = _infos(runs)
    rows = [
        _row(
            bindings[name],
            [r for r in results if r.binding == name],
            [i for i in infos if i.binding == name],
        )
        for name in names
    ]
    lead = (
        "From what these runs observed, not from what anybody claims; “needs”, “stands on” and "
        "the licence are from binding.toml, and the example's lines are counted."
    )
    found = [Table("Features", lead, COLUMNS, rows, names)]
    if any(r.model == _DTYPES_MODEL for r in results):
        found.append(_dtypes(names, results))
    return found + _absent(bindings)


def seen(runs: Sequence[Run], bindings: Mapping[str, Binding]) -> list[str]:
    """Return the bindings that the runs speak of, in their order."""
    spoken = [r.binding for run in runs for r in run.results]
    spoken += [info.binding for info in _infos(runs)]
    return [name for name in dict.fromkeys(spoken) if name in bindings]


def _infos(runs: Sequence[Run]) -> list[WorkerInfo]:
    return [r for run in runs for r in run.records if isinstance(r, WorkerInfo)]


def _row(binding: Binding, results: list[Result], infos: list[WorkerInfo]) -> list[Cell]:
    bad = [r for r in results if r.case.startswith("bad/")]
    passed = sum(r.outcome is Outcome.PASS for r in bad)
    crashes = sum(r.outcome is Outcome.CRASH for r in results)
    versions = ", ".join(dict.fromkeys(info.tensorflow for info in infos if info.tensorflow))
    lines = example_lines(binding)
    return [
        Cell(binding.id, note=binding.summary),
        Cell(binding.language),
        Cell(_place(binding, infos)),
        _strings(results),
        _config(bad),
        Cell(f"{passed}/{len(bad)}" if bad else "-"),
        Cell(str(crashes) if results else "-", "bad" if crashes else ""),
        Cell(versions or "none"),
        Cell(f"{lines} lines" if lines else "-"),
        Cell(", ".join(tool.name for tool in binding.tools) or "-"),
        Cell(binding.upstream),
        Cell(binding.licence),
    ]


def place(binding: Binding, runs: Sequence[Run]) -> str:
    """Say where a binding's model runs, from what these runs saw of its workers."""
    return _place(binding, [info for info in _infos(runs) if info.binding == binding.id])


def _place(binding: Binding, infos: Sequence[WorkerInfo]) -> str:
    """No library of TensorFlow's mapped is a converted model."""
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
    if binding.code is None:
        return 0
    return sum(
        bool(line.strip()) and not re.match(r"\s*(//|#(?!include)|/?\*|--|%|\(\*)", line)
        for line in binding.code.read_text(encoding="utf-8").splitlines()
    )


def _dtypes(names: Sequence[str], results: Sequence[Result]) -> Table:
    """Return which dtypes a binding carries both ways without a changed bit."""
    rows = []
    for name in names:
        mine = [r for r in results if (r.binding, r.model) == (name, _DTYPES_MODEL)]
        rows.append([Cell(name), *(_able(mine, dtype) for dtype in dtypes.BY_NAME)])
    lead = (
        "“yes” where arrays of the dtype, of every rank from 0 to 6, have come back with their "
        "bits. What gets lost of NaNs, subnormals or limits stands under Parity."
    )
    return Table("Dtypes", lead, ("binding", *dtypes.BY_NAME), rows, names)


def _able(results: Sequence[Result], dtype: str) -> Cell:
    if not results:
        return Cell("-", "grey")
    able = _passes(results, f"{dtype.lower()}-rank")
    return Cell("yes", "good") if able else Cell("no", "grey")


def _absent(bindings: Mapping[str, Binding]) -> list[Table]:
    """Return what others have written and cannot be run any more, or not from here."""
    rows = [
        [Cell(one.id), Cell(one.language), Cell(one.summary), Cell(one.reason), Cell(one.upstream)]
        for one in bindings.values()
        if one.reason
    ]
    lead = "What one finds when one looks for a binding, and why it has no row above."
    columns = ("binding", "language", "what", "why it does not run", "where")
    return [Table("Not to be run", lead, columns, rows)] if rows else []


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
