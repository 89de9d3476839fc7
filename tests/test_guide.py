"""Every command and program of docs/guide/ runs, and prints what its page says."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from stele import paths

PAGES = sorted((Path(__file__).parents[1] / "docs" / "guide").glob("*.md"))
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)

# A page's programs share their names, and its commands see the files that those wrote.
RUN = """
import json, subprocess, sys
for number, (language, code) in enumerate(json.load(sys.stdin)):
    print(f"\\n\\0{language}", flush=True)
    if language == "python":
        # TensorFlow reads the source of what it makes a graph of.
        with open(f"block_{number}.py", "w") as file:
            file.write(code)
        exec(compile(code, file.name, "exec"), globals())
    else:
        subprocess.run(["bash", "-euo", "pipefail", "-c", code], check=True)
    sys.stdout.flush()
"""


def blocks(page: Path) -> list[tuple[str, str]]:
    return [(found[1], found[2]) for found in BLOCK.finditer(page.read_text(encoding="utf-8"))]


def lines(text: str) -> list[str]:
    # Widths of columns are the terminal's business.
    return [" ".join(line.split()) for line in text.strip().splitlines()]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_does_what_it_says(page: Path, tmp_path: Path) -> None:
    todo = [(language, code) for language, code in blocks(page) if language != "text"]
    if not todo:
        pytest.skip("prose")
    environment = {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "STELE_MODELS": str(paths.models_dir()),
        "STELE_HOME": str(paths.repo_root()),
        "TF_CPP_MIN_LOG_LEVEL": "3",
    }
    done = subprocess.run(
        [sys.executable, "-c", RUN],
        input=json.dumps(todo),
        cwd=tmp_path,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    printed = [part.partition("\n")[2] for part in done.stdout.split("\n\0")[1:]]
    expected: list[str] = []
    for language, code in blocks(page):
        if language == "text":
            expected[-1] += code
        else:
            expected.append("")
    # What has no block of output may print what depends on the machine.
    for (_, code), got, wanted in zip(todo, printed, expected, strict=True):
        assert not wanted or lines(got) == lines(wanted), code
