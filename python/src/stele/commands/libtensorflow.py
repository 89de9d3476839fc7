"""``stele libtensorflow``: the installed wheel's C and C++ library as a standard prefix."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path

from stele.libtensorflow.prefix import Prefix, default_prefix, export_line, lay_out
from stele.libtensorflow.wheel import find_wheel


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``stele libtensorflow``."""
    parser = subparsers.add_parser(
        "libtensorflow",
        help="lay out the wheel's C and C++ library as a prefix for pkg-config",
        description=(
            "Find the installed TensorFlow wheel and lay out its C and C++ library as a standard "
            "prefix: include/, lib/libtensorflow.so, lib/pkgconfig/tensorflow.pc. What it prints "
            'is shell: eval "$(stele libtensorflow)", then compile with '
            "$(pkg-config --cflags --libs tensorflow). C++ needs -Wl,--no-as-needed in front."
        ),
    )
    parser.add_argument(
        "--prefix",
        type=Path,
        metavar="DIR",
        help="default: build/tensorflow in a stele checkout, else ./libtensorflow",
    )
    parser.add_argument(
        "--python", metavar="PYTHON", help="look into the environment of this interpreter"
    )
    parser.add_argument(
        "--copy", action="store_true", help="copy (1 GB) instead of linking into the wheel"
    )
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Lay out the prefix and print how to use it."""
    prefix = lay_out(
        default_prefix() if args.prefix is None else args.prefix,
        find_wheel(args.python),
        copy=args.copy,
    )
    sys.stdout.write(_json(prefix) if args.json else _shell(prefix))
    return 0


def _json(prefix: Prefix) -> str:
    values = {
        "prefix": str(prefix.path),
        "pkg_config_path": str(prefix.pkg_config_path),
        "bytes": prefix.nbytes,
        "copied": prefix.copied,
        "change": prefix.change,
        "wheel": asdict(prefix.wheel) | {"folder": str(prefix.wheel.folder)},
    }
    return json.dumps(values, indent=2, ensure_ascii=False) + "\n"


def _shell(prefix: Prefix) -> str:
    held = "copied" if prefix.copied else "linked into the wheel"
    return (
        f"# TensorFlow {prefix.wheel.version} ({prefix.wheel.distribution}), "
        f"{prefix.nbytes / 1e6:.0f} MB, {held}\n"
        f"# prefix {prefix.path} ({prefix.change})\n"
        f"{export_line(prefix.pkg_config_path)}"
    )
