"""Writes what `bench --json` measured as the table of the README: stdin to stdout."""

import datetime
import json
import os
import pathlib
import platform
import re
import sys
from typing import Any


def processor() -> str:
    """Return the processor's name."""
    found = re.search(r"model name\s*:\s*(.*)", pathlib.Path("/proc/cpuinfo").read_text())
    return found[1] if found else platform.machine()


def figure(measured: dict[str, Any]) -> str:
    """Return the figure as Markdown."""
    rows = [
        f"| `{name}` | {row['bare_us']:.1f} µs | {row['stele_us']:.1f} µs "
        f"| {row['stele_over_bare']:.3f} | {row['gain_over_default']:.2f} |\n"
        for name, row in measured["profiles"].items()
    ]
    today = datetime.datetime.now(datetime.UTC).date()
    return (
        "| profile | bare `TF_SessionRun` | `stele_run` | ratio | times faster than `default` |\n"
        "|---|---|---|---|---|\n"
        + "".join(rows)
        + f"\nThe same bits in all. Medians of {measured['calls']} calls each, TensorFlow "
        f"{measured['tensorflow']}, {processor()}, {os.cpu_count()} cores, {today}.\n"
    )


sys.stdout.write(figure(json.load(sys.stdin)))
