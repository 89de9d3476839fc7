"""Every binding holds the golden conversations, and a new one climbs the levels.

The cases of levels 2 to 4 are those of test_parity, `describe` and `bench` of level 5 those
of the conformance tests.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.console import Console

from stele import cli, paths
from stele.parity import binding as bindings
from stele.parity import golden, level
from stele.parity.binding import Binding, SetupError
from stele.parity.level import Ladder
from tests.conftest import claimed, needing_tools
from tests.test_harness import fake

EACH_BINDING = pytest.mark.parametrize("binding", claimed().values(), ids=lambda b: b.id)


def expect_nothing(problems: Iterator[str]) -> None:
    with needing_tools():
        assert list(problems) == []


# Those that begin before any model was loaded have a worker each.
@EACH_BINDING
@pytest.mark.parametrize("levels", [(1, 2), (5, 4)], ids=["1-2", "5-4"])
def test_golden_transcripts(binding: Binding, levels: tuple[int, ...]) -> None:
    assert binding.level >= max(levels)
    for number in levels:
        assert golden.transcripts(number)
    expect_nothing(Ladder(binding).transcripts_in_turn(*levels))


def test_the_ladder_ends_at_the_first_level_not_reached(capsys) -> None:
    assert level.climb(fake("always-unknown"), level.HIGHEST, Console()) == 1
    printed = capsys.readouterr().out
    assert "level 1 ok" in printed
    assert "level 2 not reached" in printed
    assert "level 3" not in printed


def test_new_binding_reaches_level_1(monkeypatch, tmp_path, capsys) -> None:
    # Outside the checkout, whose bindings are read by what runs at the same time.
    monkeypatch.setenv("STELE_BINDINGS", str(tmp_path))
    new = ["new-binding", "test-scaffold", "--in", str(tmp_path)]
    assert cli.main(new) == 0
    assert cli.main(["check", "--binding", "test-scaffold", "--level", "1"]) == 0
    assert cli.main(new) == 3
    assert "ALREADY_EXISTS" in capsys.readouterr().err
    assert cli.main(["check", "--binding", "test-scaffold", "--level", "2"]) == 1


_WORKER = """\
#!{python}
import sys

from stele import native
from stele.contract import lines, worker


class Model:
    def __init__(self, model):
        self.model, self.signatures = model, model.signatures

    def prepare(self, signature, inputs):
        run = self.model.prepare(signature)
        return lambda: run(inputs)

    def close(self):
        self.model.close()


class Runner:
    binding, language, tensorflow = "brand-new", "L", native.tensorflow_version()

    def load(self, folder, tags, config):
        return Model(native.Model(folder, tags=tags, config=config))


sys.exit(worker.serve(Runner()))
"""


@pytest.fixture
def brand_new(monkeypatch, tmp_path, capsys) -> Path:
    """The folder of a new binding, outside of the checkout, with a worker."""
    with needing_tools():
        bindings.discover()["python-native"].require()
    monkeypatch.setenv("STELE_BINDINGS", str(tmp_path))
    assert cli.main(["new-binding", "brand-new"]) == 0
    folder = tmp_path / "brand-new"
    assert str(folder) in capsys.readouterr().out
    (folder / "worker").write_text(_WORKER.format(python=sys.executable))
    return folder


def test_requests_that_are_not_refused_keep_a_worker_from_level_4(brand_new) -> None:
    worker = brand_new / "worker"
    ladder = Ladder(bindings.discover()["brand-new"])
    assert list(ladder.requests()) == []
    broken = "lines._UNESCAPES[chr(92) + 'x'] = 'x'\n\n\nclass Model"
    worker.write_text(worker.read_text().replace("class Model", broken))
    (problem,) = ladder.requests()
    assert problem.startswith("request.unknown-escape: wrong-error: NOT_FOUND")


def test_a_language_is_added_without_touching_the_checkout(brand_new, capsys) -> None:
    folder = brand_new
    text = (folder / "binding.toml").read_text()
    (folder / "binding.toml").write_text(text.replace("level = 1", "level = 2"))
    assert cli.main(["check", "--binding", "brand-new", "--level", "2"]) == 0
    printed = capsys.readouterr().out
    assert "level 2 ok" in printed


def test_the_commands_of_add_a_language_do_what_it_says(tmp_path) -> None:
    text = (paths.repo_root() / "docs" / "add-a-language.md").read_text()
    commands = text.partition("```sh\n")[2].partition("```")[0]
    assert "stele new-binding ruby-ffi --in" in commands
    programs = str(Path(sys.executable).parent)
    environment = os.environ | {
        "BINDINGS": str(tmp_path),
        "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
    }
    done = subprocess.run(
        ["sh", "-e"], input=commands, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "level 1 ok" in done.stdout
    assert (tmp_path / "ruby-ffi" / "binding.toml").exists()


def test_a_language_whose_tools_are_missing_is_grey(monkeypatch, tmp_path, capsys) -> None:
    assert cli.main(["new-binding", "brand-new", "--in", str(tmp_path)]) == 0
    assert f"STELE_BINDINGS={tmp_path}" in capsys.readouterr().out
    file = tmp_path / "brand-new" / "binding.toml"
    file.write_text(file.read_text().replace('["sh", "-c", "true"]', '["no-such-compiler"]'))
    monkeypatch.setenv("STELE_BINDINGS", str(tmp_path))
    binding = bindings.discover()["brand-new"]
    with pytest.raises(
        SetupError, match=r"not installed: sh \(no no-such-compiler\); install with"
    ):
        binding.require()
