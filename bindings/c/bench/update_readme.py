"""Measures again and writes the figure of the README, between its two markers.

update_readme.py README BENCH MODEL
"""

import datetime
import json
import os
import pathlib
import platform
import re
import subprocess
import sys
from typing import Any

BEGIN, END = "<!-- bench: make bench-readme -->\n", "<!-- /bench -->\n"


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


def main() -> None:
    """Replace what stands between the markers."""
    readme, *command = sys.argv[1:]
    done = subprocess.run([*command, "--json"], stdout=subprocess.PIPE, text=True, check=True)
    path = pathlib.Path(readme)
    before, rest = path.read_text().split(BEGIN)
    _, after = rest.split(END)
    path.write_text(before + BEGIN + figure(json.loads(done.stdout)) + END + after)


main()
