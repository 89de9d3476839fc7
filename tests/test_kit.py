"""The worker kit of bindings/c: the worker in its README is a whole one."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Callable
from itertools import chain
from pathlib import Path

import pytest

from stele import cli, paths
from stele.libtensorflow.libstele import install
from stele.parity import binding as bindings
from stele.parity.level import Ladder
from tests.conftest import needing_tools

KIT = paths.bindings_dir() / "c" / "kit"
STRICT_FLAGS = ["-std=c11", "-O2", "-Wall", "-Wextra", "-Wpedantic", "-Werror"]


def run(*command: str | Path, env: dict[str, str] | None = None) -> str:
    """Return what a command prints; one that fails shows why."""
    done = subprocess.run(
        list(map(str, command)), env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def prefix(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """libstele and the kit, as `stele libstele` lays them out."""
    with needing_tools():
        bindings.discover()["c"].require()
    return install(tmp_path_factory.mktemp("prefix")).path


@pytest.fixture
def scratch(
    prefix: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[str], Ladder]:
    """Make a binding outside the checkout, whose worker is the C program given."""

    def make(source: str) -> Ladder:
        env = os.environ | {"PKG_CONFIG_PATH": f"{prefix}/lib/pkgconfig"}
        monkeypatch.setenv("STELE_BINDINGS", str(tmp_path))
        assert cli.main(["new-binding", "scratch"]) == 0
        folder = tmp_path / "scratch"
        (folder / "worker.c").write_text(source)
        flags = run("pkg-config", "--cflags", "--libs", "stele-worker", env=env).split()
        run("cc", *STRICT_FLAGS, folder / "worker.c", *flags, "-o", folder / "worker")
        text = (folder / "binding.toml").read_text()
        (folder / "binding.toml").write_text(text.replace("level = 1", "level = 5"))
        return Ladder(bindings.discover()["scratch"])

    return make


def readme() -> str:
    found = re.search(r"```c\n(.*?)```", (KIT / "README.md").read_text(), re.DOTALL)
    assert found
    return found[1].replace('stele_worker_new("c"', 'stele_worker_new("scratch"')


def problems(ladder: Ladder) -> list[str]:
    """Return what levels 1, 2, 4 and 5 find beside the cases of models."""
    conversations = [ladder.transcripts(number) for number in (1, 2, 4, 5)]
    return [*chain.from_iterable(conversations), *ladder.describe_and_bench()]


def test_the_worker_of_the_readme_reaches_level_5(scratch) -> None:
    assert problems(scratch(readme())) == []
    assert cli.main(["check", "dtypes", "--binding", "scratch", "--strict"]) == 0


def test_a_dtype_that_the_language_lacks_is_unsupported(scratch, capsys) -> None:
    without = '"FP32,FP64,INT8,INT16,INT32,INT64,UINT8,BOOL,BYTES"'
    scratch(readme().replace('"C11", NULL', f'"C11", {without}'))
    assert cli.main(["check", "dtypes", "--binding", "scratch"]) == 0
    printed = capsys.readouterr().out
    assert "unsupported scratch" in printed
    assert "dtype BF16" in printed
    assert "dtype FP32" not in printed


@pytest.mark.parametrize(
    ("whole", "broken", "message"),
    [
        ("    if (outputs == NULL)\n      break;\n", "    break;\n", "the worker ran 1 times of"),
        ("      stele_worker_ok(worker);\n", "      ;\n", "gave no answer"),
    ],
    ids=["ends a bench early", "answers nothing"],
)
def test_a_worker_that_breaks_its_word_is_told(scratch, whole, broken, message) -> None:
    assert whole in readme()
    ladder = scratch(readme().replace(whole, broken))
    assert any(message in problem for problem in ladder.describe_and_bench())
