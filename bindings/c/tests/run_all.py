"""Runs test programs and adds up what they say.

    run_all.py COMMAND [-- COMMAND]...

Each command ends its report in "N passed, N failed", or as pytest does. One that
ends in another way, or with a status other than 0, is a failure too: a crash, a
leak that the sanitizer found on the way out. What it writes to stderr, where
TensorFlow talks, is shown only then. The last line adds up.
"""

import itertools
import re
import subprocess
import sys


def count(word, report):
    """Return the number before `word` in the last line."""
    last = (report.splitlines() or [""])[-1]
    found = re.search(rf"(\d+) {word}", last)
    return int(found[1]) if found else 0


def run(command):
    sys.stdout.write(f"$ {' '.join(command)}\n")
    sys.stdout.flush()
    done = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    sys.stdout.write(done.stdout)
    passed, failed = count("passed", done.stdout), count("failed", done.stdout)
    failed += count("error", done.stdout)
    if done.returncode != 0 or failed or not passed:
        sys.stdout.write(f"{done.stderr[-20_000:]}\nFAIL exit status {done.returncode}\n")
        failed = max(failed, 1)
    return passed, failed


def main():
    groups = itertools.groupby(sys.argv[1:], lambda argument: argument == "--")
    results = [run(list(group)) for separator, group in groups if not separator]
    passed, failed = (sum(column) for column in zip(*results, strict=True))
    sys.stdout.write(f"{passed} passed, {failed} failed\n")
    return 1 if failed else 0


sys.exit(main())
