"""``stele inspect``: what is in a SavedModel, without TensorFlow."""

from __future__ import annotations

import argparse
import json
import sys
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from stele import paths
from stele.contract.codes import SteleError
from stele.contract.printable import printable
from stele.contract.signature import Signature, format_shape, format_tags, parse_tags
from stele.libtensorflow import ops
from stele.libtensorflow.wheel import find_library, find_wheel
from stele.savedmodel.findings import Finding, finding
from stele.savedmodel.inspection import Inspection, MetaGraph, as_json, inspect
from stele.savedmodel.variables import Variable

# Exit status for a model that TensorFlow would not load as it is.
UNLOADABLE = 3

# Entries of a list that are shown unless all are asked for.
_MOST_OPS = 12
_MOST_VARIABLES = 6
_MOST_FILES = 10

# What TF2 appends to the path of every variable.
_KEY_END = "/.ATTRIBUTES/VARIABLE_VALUE"


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``stele inspect``."""
    parser = subparsers.add_parser(
        "inspect",
        help="show what is in a SavedModel",
        description=(
            "Show a SavedModel's tags, signatures, ops, variables and files, and what to know "
            "before running it. Reads the files alone; TensorFlow need not be installed."
        ),
        epilog=f"exit status: 0, or {UNLOADABLE} when TensorFlow would not load it as it is",
    )
    parser.add_argument("folder", type=paths.of_model, metavar="DIR", help="the SavedModel")
    parser.add_argument(
        "--tags",
        type=parse_tags,
        metavar="T,T",
        help="only the MetaGraphDef with exactly these tags",
    )
    parser.add_argument(
        "--ops", action="store_true",
        help="list every op, and say which are not in the TensorFlow that is installed, if one is",
    )  # fmt: skip
    parser.add_argument("--variables", action="store_true", help="list every variable")
    parser.add_argument("--json", action="store_true", help="everything, as JSON")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Print what is in the SavedModel."""
    inspection = inspect(args.folder, args.tags)
    if args.ops:
        unknown = tuple(_unknown_ops(inspection))
        inspection = replace(inspection, findings=inspection.findings + unknown)
    if args.json:
        sys.stdout.write(json.dumps(as_json(inspection), indent=2, ensure_ascii=False) + "\n")
    else:
        show(inspection, all_ops=args.ops, all_variables=args.variables)
    return UNLOADABLE if any(entry.fatal for entry in inspection.findings) else 0


def _unknown_ops(inspection: Inspection) -> Iterator[Finding]:
    """Say which ops the installed TensorFlow does not have; nothing where there is none."""
    try:
        wheel = find_wheel()
        known = ops.registered(find_library(wheel))
    except SteleError:
        return
    for op in sorted(inspection.ops - known):
        yield finding("unknown-op", op=op, tensorflow=wheel.version)


def show(inspection: Inspection, *, all_ops: bool = False, all_variables: bool = False) -> None:
    """Print it for people, in 80 columns.

    Args:
        inspection: What to print.
        all_ops: List every op with its counts, instead of the most used.
        all_variables: List every variable, instead of the largest.
    """
    console = Console(highlight=False, markup=False, emoji=False)
    if not console.is_terminal:
        # For grep and diff: one line is one thing, however long.
        console.width = 10_000
    console.print(Text(printable(str(inspection.folder)), style="bold"))
    for meta_graph in inspection.meta_graphs:
        _show_meta_graph(console, meta_graph, all_ops=all_ops)
    if inspection.variables:
        _show_variables(console, inspection, inspection.variables, show_all=all_variables)
    _show_files(console, inspection)
    for entry in inspection.findings:
        _show_finding(console, entry)


def _show_meta_graph(console: Console, meta_graph: MetaGraph, *, all_ops: bool) -> None:
    version = meta_graph.tensorflow_version or "of an unknown version"
    git = meta_graph.tensorflow_git_version
    tail = f"written by TensorFlow {version}" + (f" ({git})" if git else "")
    _heading(console, printable(f"MetaGraph {format_tags(meta_graph.tags)}"), printable(tail))
    for signature in meta_graph.signatures.values():
        _show_signature(console, signature)
    graph, functions = meta_graph.graph_ops, meta_graph.function_ops
    counts = graph + functions
    where = f"{graph.total():,} in the graph"
    if functions:
        where += f", {functions.total():,} in {_count(meta_graph.functions, 'function')}"
    _heading(console, _count(len(counts), "op"), f"{_count(counts.total(), 'node')}: {where}")
    if all_ops:
        table = _table("op", right=("graph", "functions"))
        for op in sorted(counts):
            table.add_row(_text(op), str(graph[op]), str(functions[op]))
        _indented(console, table)
    else:
        most = counts.most_common(_MOST_OPS)
        items = [f"{printable(op)} {count}" for op, count in most]
        if len(counts) > len(most):
            items.append(_more(len(counts) - len(most), "--ops"))
        _indented(console, _list(console, items))


def _show_signature(console: Console, signature: Signature) -> None:
    _heading(console, f"signature {printable(signature.name)}", printable(signature.method))
    table = _table("", "name", "dtype", "shape", "tensor")
    for kind, specs in (("input", signature.inputs), ("output", signature.outputs)):
        for spec in specs:
            table.add_row(
                kind,
                _text(spec.name, style="bold"),
                spec.dtype,
                format_shape(spec.shape),
                _text(spec.ref or "sparse or composite"),
            )
    if table.row_count:
        _indented(console, table)


def _show_variables(
    console: Console, inspection: Inspection, stored: Sequence[Variable], *, show_all: bool
) -> None:
    values = sum(entry.elements for entry in stored)
    nbytes = sum(entry.nbytes for entry in stored)
    copies = inspection.copies
    tail = f"{values:,} values, {_size(nbytes)}"
    if copies:
        tail += f"; {len(copies)} of them are copies of another"
    _heading(console, _count(len(stored), "variable"), tail)
    originals = sorted(
        (entry for entry in stored if entry.key not in copies), key=lambda entry: -entry.nbytes
    )
    shown = stored if show_all else originals[:_MOST_VARIABLES]
    table = _table("name", "dtype", "shape", right=("bytes",))
    for entry in shown:
        name = _text(entry.name or entry.key.removesuffix(_KEY_END))
        mark = "  (copy)" if entry.key in copies else ""
        table.add_row(
            name.append(mark, "dim"), entry.dtype, format_shape(entry.shape), f"{entry.nbytes:,}"
        )
    _indented(console, table)
    rest = 0 if show_all else len(originals) - len(shown)
    if rest:
        _indented(console, Text(_more(rest, "--variables")))


def _show_files(console: Console, inspection: Inspection) -> None:
    tail = f"{_size(inspection.nbytes)}"
    if inspection.assets:
        tail += f", {_count(len(inspection.assets), 'asset')} among them"
    _heading(console, _count(len(inspection.files), "file"), tail)
    table = _table("path", right=("bytes",))
    for file in inspection.files[:_MOST_FILES]:
        table.add_row(_text(file.path), f"{file.nbytes:,}")
    _indented(console, table)
    rest = len(inspection.files) - _MOST_FILES
    if rest > 0:
        _indented(console, Text(_more(rest, "--json")))


def _show_finding(console: Console, entry: Finding) -> None:
    console.print()
    label, style = ("error", "bold red") if entry.fatal else ("note", "bold yellow")
    text = Text.assemble((label, style), f": {printable(entry.message)}")
    if entry.remedy:
        text.append(f"; {printable(entry.remedy)}", "dim")
    console.print(text)


def _heading(console: Console, title: str, tail: str) -> None:
    console.print()
    console.print(Text.assemble((title, "bold cyan"), "  ", (tail, "dim")))


def _table(*columns: str, right: Iterable[str] = ()) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
    for column in columns:
        # Long names are folded, never cut.
        table.add_column(column, overflow="fold")
    for column in right:
        table.add_column(column, justify="right")
    return table


def _indented(console: Console, content: Table | Text) -> None:
    console.print(Padding(content, (0, 0, 0, 2), expand=False))


def _list(console: Console, items: Iterable[str]) -> Text:
    """Wrap a list between its items, never inside of one."""
    whole = ", ".join(item.replace(" ", "\xa0") for item in items)
    return Text(textwrap.fill(whole, min(console.width, 80) - 2).replace("\xa0", " "))


def _more(count: int, option: str) -> str:
    return f"{count} more ({option} lists all)"


def _count(count: int, noun: str) -> str:
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def _size(nbytes: int) -> str:
    for exponent, unit in ((9, "GB"), (6, "MB"), (3, "kB")):
        if nbytes >= 10**exponent:
            return f"{nbytes / 10**exponent:.3g} {unit}"
    return f"{nbytes} bytes"


def _text(text: str, style: str = "") -> Text:
    return Text(printable(text), style=style)
