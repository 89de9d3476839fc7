"""``stele libtensorflow``: a wheel's, or a jar's, C and C++ library as a standard prefix."""

from __future__ import annotations

import argparse
import json
import shlex
import sys
from dataclasses import asdict
from pathlib import Path

from stele.libtensorflow.jar import Jar, find_jar
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
    source = parser.add_mutually_exclusive_group()
    source.add_argument(
        "--python", metavar="PYTHON", help="look into the environment of this interpreter"
    )
    source.add_argument(
        "--from-jar",
        type=Path,
        metavar="JAR",
        help=(
            "unpack Maven's tensorflow-core-native-VERSION-PLATFORM.jar instead, where no Python "
            "has TensorFlow; without headers"
        ),
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
        find_jar(args.from_jar) if args.from_jar else find_wheel(args.python),
        copy=args.copy,
    )
    sys.stdout.write(_json(prefix) if args.json else _shell(prefix))
    return 0


def _json(prefix: Prefix) -> str:
    source = prefix.source
    values = {
        "prefix": str(prefix.path),
        "pkg_config_path": str(prefix.pkg_config_path),
        "bytes": prefix.nbytes,
        "copied": prefix.copied,
        "change": prefix.change,
    }
    if isinstance(source, Jar):
        values["jar"] = {"version": source.version, "path": str(source.path)}
    else:
        values["wheel"] = asdict(source) | {"folder": str(source.folder)}
    return json.dumps(values, indent=2, ensure_ascii=False) + "\n"


def _shell(prefix: Prefix) -> str:
    source, size = prefix.source, f"{prefix.nbytes / 1e6:.0f} MB"
    where = f"# prefix {prefix.path} ({prefix.change})\n"
    if isinstance(source, Jar):
        # Without headers nothing compiles; what loads it at run time needs no more.
        return (
            f"# TensorFlow of tensorflow-core-native {source.version}, {size}, copied\n"
            f"{where}export STELE_LIBTENSORFLOW={shlex.quote(str(prefix.lib))}\n"
        )
    held = "copied" if prefix.copied else "linked into the wheel"
    return (
        f"# TensorFlow {source.version} ({source.distribution}), {size}, {held}\n"
        f"{where}{export_line(prefix.pkg_config_path)}"
    )
