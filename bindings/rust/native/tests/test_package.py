"""The package as people get it: the wheel in an environment of its own, the README."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import venv
from pathlib import Path

import ml_dtypes
import numpy as np

FOLDER = Path(__file__).parents[1]


def run(python: Path | str, *arguments: str | Path, **variables: str) -> str:
    """Run a Python program and return what it prints."""
    environment = os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"} | variables
    done = subprocess.run(
        [str(python), *map(str, arguments)],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_wheel_installs_in_a_clean_environment(
    tmp_path: Path, wheel: Path, digits_dir: Path
) -> None:
    venv.create(tmp_path, symlinks=True)
    python = tmp_path / "bin" / "python"
    pip = ("-m", "pip", "--python", python, "install", "--quiet", "--no-index", "--no-deps")
    run(sys.executable, *pip, wheel)
    # What the wheel depends on, and nothing else, from here: no network in a test.
    (packages,) = tmp_path.glob("lib/python*/site-packages")
    for module in (np, ml_dtypes):
        folder = Path(module.__file__).parent
        for part in (folder, folder.with_name(f"{folder.name}.libs")):
            if part.exists():
                (packages / part.name).symlink_to(part)
    program = """
import sys, importlib.metadata as metadata
import numpy as np
from stele_native import Model
image = np.ones((1, 8, 8, 1), np.float32)
print(Model(sys.argv[1])(image=image)["probabilities"].shape)
print(*sorted(name for name in metadata.requires("tf-stele-native") if "extra" not in name))
"""
    printed = run(python, "-I", "-c", program, digits_dir).splitlines()
    assert printed == ["(1, 10)", "ml-dtypes>=0.5 numpy>=2.0"]


def test_the_readme_prints_what_it_says(digits_dir: Path) -> None:
    _, program, _, printed, *_ = (FOLDER / "README.md").read_text().split("```")
    assert program.startswith("python\n")
    assert "build/models/digits/saved_model" in program
    program = program.removeprefix("python\n")
    program = program.replace("build/models/digits/saved_model", str(digits_dir))
    expected = printed.removeprefix("text\n")
    got = run(sys.executable, "-c", program)
    # The model was trained on this machine, whose CPU has a say in the weights.
    number = re.compile(r"\b0\.\d*")
    assert number.sub("0.", got).split() == number.sub("0.", expected).split()
    shown = [[float(text) for text in number.findall(page)] for page in (got, expected)]
    np.testing.assert_allclose(*shown, atol=0.05)
