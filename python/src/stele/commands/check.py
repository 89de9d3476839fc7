"""``stele check``: does every binding answer as Python does?"""

from __future__ import annotations

import argparse
import contextlib
import os
import secrets
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from rich import progress as bars
from rich.console import Console

from stele import paths
from stele.commands import options
from stele.commands.bench import positive
from stele.contract.codes import Code, SteleError
from stele.keras_model import export
from stele.keras_model import file as keras_file
from stele.parity import binding as bindings
from stele.parity import case as cases
from stele.parity import known, level, plan, reference, report
from stele.parity import run as run_
from stele.parity.cells import Progress
from stele.parity.claim import claim, claim_free
from stele.parity.limits import Limits
from stele.parity.record import Journal, Outcome, Result

# Below --out: the exports of Keras models.
_EXPORTED = "exported"


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command's options."""
    parser = subparsers.add_parser(
        "check",
        help="run a model in every binding and compare with Python",
        description="Runs zoo models, or any SavedModel folder, in every binding on this "
        "machine, and holds every answer against TensorFlow in Python: bits inside a "
        "class of bindings with the same library, tolerances across classes, and the "
        "same canonical code for every input that Python refuses. A Keras model file "
        "(.keras, .h5) is exported first, and the export held against the model in memory.",
        epilog="exit status: 0 all pass, 1 a mismatch, 2 usage, 3 could not run",
    )
    parser.add_argument(
        "models", nargs="*", metavar="MODEL|DIR|FILE", help="zoo models, SavedModel folders "
        "or Keras model files (default: the whole zoo)",
    )  # fmt: skip
    options.add_inputs(parser)
    parser.add_argument(
        "--keras", type=Path, metavar="FILE", help="the Keras model that the SavedModel folder "
        "was exported from: the export is held against it in memory",
    )  # fmt: skip
    options.add_signature(parser)
    parser.add_argument(
        "--binding", action="append", default=[], metavar="B", help="only these bindings "
        "(repeat, or separate by commas)",
    )  # fmt: skip
    parser.add_argument(
        "--cases", action="append", default=[], metavar="PATTERN", help="only cases whose name "
        "matches, such as 'fp32-*' or '*/batch1'",
    )  # fmt: skip
    parser.add_argument(
        "--config", default="default", metavar="C", help="session config of the bindings under "
        "test: default, inline, python, single or hex:<ConfigProto>",
    )  # fmt: skip
    parser.add_argument(
        "--allow-writes", action="store_true", help="run signatures that write files, too"
    )
    parser.add_argument("--no-bad-input", action="store_true", help="leave the bad-input table out")
    parser.add_argument(
        "--level", type=int, nargs="?", const=level.HIGHEST, choices=range(1, level.HIGHEST + 1),
        help="climb the conformance levels of one --binding instead, up to this one",
    )  # fmt: skip
    parser.add_argument(
        "--fuzz", action="store_true", help="draw inputs for as long as --seconds, and shrink the "
        "first that sets a binding apart",
    )  # fmt: skip
    parser.add_argument(
        "--seconds", type=float, default=60, metavar="N",
        help="with --fuzz: for each signature (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--seed", type=int, metavar="N", help="with --fuzz: draw what this seed draws (default: "
        "another each time, said in the results)",
    )  # fmt: skip
    parser.add_argument(
        "--jobs", type=int, default=min(2, os.cpu_count() or 1), metavar="N",
        help="bindings that run at once (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--limit-memory", type=positive, metavar="MIB", help="end a worker, one of Python's "
        "too, when it and what it started have had more resident, libraries included; watched ten "
        "times a second, for the kernel's limits (ulimit -v) count what Java, Go and JavaScript "
        "only reserve",
    )  # fmt: skip
    parser.add_argument(
        "--limit-cpu", type=positive, metavar="SECONDS", help="end a worker when it and what it "
        "started have computed for longer, all threads and models added up; the rest of the "
        "run goes on with a fresh one",
    )  # fmt: skip
    parser.add_argument(
        "--strict", action="store_true", default=os.environ.get("CI") == "true",
        help="a binding that cannot be run, or a signature of which nothing was answered, is "
        "a failure (default when CI=true)",
    )  # fmt: skip
    parser.add_argument("--out", type=Path, metavar="DIR", help="default: build/check")
    parser.add_argument(
        "--in-process", action="store_true", help="only bindings that run the model themselves: "
        "no server, no browser, no converter",
    )  # fmt: skip
    parser.add_argument("--json", action="store_true", help="print the records (JSON Lines)")
    parser.set_defaults(run=run, usage=parser)


def run(args: argparse.Namespace) -> int:
    """Carry the command out and return its exit status."""
    selected = bindings.from_arguments(args.usage, args.binding)
    if args.in_process:
        selected = [binding for binding in selected if binding.in_process]
    if args.inputs is not None and len(args.models) != 1:
        args.usage.error("--inputs goes with exactly one model")
    if args.keras is not None:
        _require_folder(args)
    if args.level is not None:
        if len(args.binding) != 1 or len(selected) != 1:
            args.usage.error("--level goes with exactly one --binding")
        if _limits(args) != Limits():
            args.usage.error("--level has no limits: leave --limit-memory and --limit-cpu out")
        return level.climb(selected[0], args.level, Console(stderr=args.json), as_json=args.json)
    if args.fuzz:
        if args.inputs is not None or args.cases:
            args.usage.error("--fuzz draws its own inputs: leave --inputs and --cases out")
        return _fuzz(args, selected)
    return _check(args, selected)


def _limits(args: argparse.Namespace) -> Limits:
    """Return the limits of each worker.

    Raises:
        SteleError: FAILED_PRECONDITION where none can be watched.
    """
    limits = Limits(args.limit_memory, args.limit_cpu)
    if limits != Limits() and not Path("/proc/self/status").exists():
        raise SteleError(
            Code.FAILED_PRECONDITION, "--limit-memory and --limit-cpu are watched in /proc"
        )
    return limits


def _require_folder(args: argparse.Namespace) -> None:
    if len(args.models) != 1 or not paths.of_model(args.models[0]).is_dir():
        args.usage.error("--keras goes with exactly one SavedModel folder")


def _fuzz(args: argparse.Namespace, selected: list[bindings.Binding]) -> int:
    try:
        from stele.parity.fuzz import Fuzz
    except ModuleNotFoundError as error:
        raise SteleError(
            Code.FAILED_PRECONDITION, f"{error.name} is not installed: pip install hypothesis"
        ) from error
    out = claim(args.out) if args.out else claim_free(paths.build_dir() / "fuzz")
    journal = Journal(out / "results.jsonl", echo=args.json)
    journal.begin(["stele", *sys.argv[1:]])
    seed = args.seed if args.seed is not None else secrets.randbits(32)
    fuzz = Fuzz(out, journal, args.config, args.seconds, seed, limits=_limits(args))
    for target in cases.resolve(args.models, args.tags, _place(args, out)):
        if isinstance(target, cases.Unreadable):
            raise target.error
        fuzz.check(target, selected, args.signature)
    status = run_.exit_status(journal, selected, (), strict=args.strict)
    journal.end(status)
    if not args.json:
        report.show(Console(), journal, ())
    return status


def _check(args: argparse.Namespace, selected: list[bindings.Binding]) -> int:
    limits = _limits(args)
    out = claim(args.out) if args.out else claim_free(paths.build_dir() / "check")
    journal = Journal(out / "results.jsonl", echo=args.json)
    journal.begin(["stele", *sys.argv[1:]])
    console = Console(stderr=args.json)
    plans = list(_plans(args, out, journal))
    report.show_effects(console, plans)
    deviations = known.load(*paths.bindings_roots())
    wanted = [_with_keras(planned, selected, out) for planned in plans]
    total = sum(
        len(planned.names()) * len(those) for planned, those in zip(plans, wanted, strict=True)
    )
    with (
        _progress(console, total) as progress,
        run_.Run(
            out,
            journal,
            deviations=deviations,
            jobs=args.jobs,
            config=args.config,
            progress=progress,
        ) as started,
    ):
        started.limits = limits
        for planned, those in zip(plans, wanted, strict=True):
            started.check(planned, those)
    outgrown = known.outgrown(journal.of(Result), deviations)
    status = run_.exit_status(journal, selected, outgrown, strict=args.strict)
    journal.end(status)
    if not args.json:
        report.show(console, journal, outgrown)
    return status


def _place(args: argparse.Namespace, out: Path) -> Callable[[str, Path], Path]:
    """Return what gives the SavedModel folder of a path, with its Keras model beside it."""

    def place(shown: str, path: Path) -> Path:
        folder = out / _EXPORTED / shown
        if args.keras is not None:
            return export.put_beside(args.keras, path, folder)
        return export.export(path, folder) if keras_file.names_one(path) else path

    return place


def _with_keras(
    planned: plan.Plan, selected: list[bindings.Binding], out: Path
) -> list[bindings.Binding]:
    """Return the bindings for a model; Keras in memory is one where it was asked about."""
    keras = bindings.discover()[reference.KERAS]
    if keras in selected or not planned.target.folder.is_relative_to(out / _EXPORTED):
        return selected
    return [keras, *selected]


def _plans(args: argparse.Namespace, out: Path, journal: Journal) -> Iterator[plan.Plan]:
    """Make a plan for each model; what goes wrong with one of several is that one's failure."""
    for target in cases.resolve(args.models, args.tags, _place(args, out)):
        if isinstance(target, cases.Unreadable):
            outcome, error = Outcome.NOT_RUN, target.error
        else:
            try:
                yield _plan(args, target, out)
                continue
            except SteleError as refusal:
                outcome, error = Outcome.NOT_RUN, refusal
            except Exception as fault:
                text = f"making a plan: {type(fault).__name__}: {fault}"
                outcome, error = Outcome.ERROR, SteleError(Code.INTERNAL, text)
        if len(args.models) == 1:
            raise error
        journal.add(Result(target.name, "", plan.PLAN_CASE, "", outcome, str(error)))


def _plan(args: argparse.Namespace, target: cases.Target, out: Path) -> plan.Plan:
    found = cases.collect(
        target,
        out / "inputs" / target.name,
        signature=args.signature,
        inputs=args.inputs,
        patterns=args.cases,
    )
    bad = not (args.no_bad_input or args.cases or args.inputs)
    return plan.make(target, found, out, bad=bad, allow_writes=args.allow_writes)


@contextlib.contextmanager
def _progress(console: Console, total: int) -> Iterator[Progress]:
    """Show a bar on a terminal; elsewhere say nothing until the table."""
    with bars.Progress(
        bars.SpinnerColumn(),
        bars.TextColumn("{task.description}"),
        bars.BarColumn(),
        bars.TextColumn("{task.completed} cells"),
        bars.TimeElapsedColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    ) as bar:
        task = bar.add_task("starting", total=total)

        def advance(model: str, binding: str, count: int) -> None:
            bar.update(task, advance=count, description=f"{report.foreign(model)} in {binding}")

        yield advance
