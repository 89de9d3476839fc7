"""``stele libstele``: libstele, built from the checkout, as a standard prefix."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from stele.contract.codes import Code, SteleError
from stele.libtensorflow.libstele import Installed, default_prefix, install
from stele.libtensorflow.prefix import export_line
from stele.parity import binding as bindings
from stele.parity.binding import SetupError


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``stele libstele``."""
    parser = subparsers.add_parser(
        "libstele",
        help="lay out libstele and the worker kit as a prefix for pkg-config",
        description=(
            "Build libstele and lay it out as a standard prefix: stele.h, stele_worker.h and "
            "stele_hosts.h in include/, the libraries in lib/, and stele.pc and stele-worker.pc in "
            "lib/pkgconfig/. The prefix may be moved, and be one that others use too. What it "
            'prints is shell: eval "$(stele libstele)", then compile with '
            "$(pkg-config --cflags --libs stele)."
        ),
    )
    parser.add_argument("--prefix", type=Path, metavar="DIR", help="default: build/libstele")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Lay out the prefix and print how to use it."""
    try:
        bindings.discover()["c"].require()
    except SetupError as error:
        raise SteleError(Code.FAILED_PRECONDITION, str(error)) from error
    installed = install(default_prefix() if args.prefix is None else args.prefix)
    sys.stdout.write(_json(installed) if args.json else _shell(installed))
    return 0


def _json(installed: Installed) -> str:
    values = {
        "prefix": str(installed.path),
        "pkg_config_path": str(installed.pkg_config_path),
        "version": installed.version,
    }
    return json.dumps(values, indent=2, ensure_ascii=False) + "\n"


def _shell(installed: Installed) -> str:
    return (
        f"# libstele {installed.version} and the worker kit\n"
        f"# prefix {installed.path}\n"
        f"{export_line(installed.pkg_config_path)}"
    )
