"""What documents say of the repository is there; and no figure is typed."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

import stele
from stele import paths

ROOT = paths.repo_root()
PACKAGE = Path(stele.__file__).parent
SKIPPED = {"build", "node_modules", "target"}


def documents() -> list[Path]:
    return [
        file
        for file in sorted(ROOT.rglob("*.md"))
        if not any(part in SKIPPED or part.startswith(".") for part in file.relative_to(ROOT).parts)
    ]


def named(document: str) -> str:
    return (ROOT / document).read_text(encoding="utf-8")


def prose(file: Path) -> str:
    """Return a document without its code and without what is generated into it."""
    text = re.sub(
        r"^<!-- ([^\n]*): begin -->\n.*?^<!-- \1: end -->\n",
        "",
        file.read_text(encoding="utf-8"),
        flags=re.DOTALL | re.MULTILINE,
    )
    return re.sub(r"^ *```.*?^ *```", "", text, flags=re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize("file", documents(), ids=lambda file: str(file.relative_to(ROOT)))
def test_links_lead_somewhere(file: Path) -> None:
    links = re.findall(r"\]\(([^)\s]+)\)", prose(file))
    local = [link.partition("#")[0] for link in links if not re.match(r"[a-z]+:|#", link)]
    assert [link for link in local if not (file.parent / link).exists()] == []


def test_the_site_has_every_page_and_every_heading_that_is_linked(tmp_path: Path) -> None:
    sphinx = [sys.executable, "-m", "sphinx", "--quiet", "--fail-on-warning"]
    done = subprocess.run(
        [*sphinx, "-c", ROOT / "docs", ROOT, tmp_path], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    missing = [
        file
        for file in documents()
        if not (tmp_path / file.relative_to(ROOT).with_suffix(".html")).exists()
    ]
    assert missing == []


@pytest.mark.parametrize("file", documents(), ids=lambda file: str(file.relative_to(ROOT)))
def test_prose_quotes_no_timing(file: Path) -> None:
    """Figures stand in tables that a benchmark writes, between markers."""
    if file.name == "CHANGELOG.md":
        pytest.skip("what was measured then")
    claims = r"\d ?(?:µs|ms)\b|\b(?:twice|\w+ times|\d+ ?×) (?:as fast|faster|as slow|slower)"
    assert re.findall(claims, prose(file)) == []


def test_contributing_names_every_folder() -> None:
    text = named("CONTRIBUTING.md")
    above = [ROOT, ROOT / "python", ROOT / "tests"]
    found = {
        f"{folder.relative_to(ROOT)}/"
        for parent in above
        for folder in parent.iterdir()
        if folder.is_dir()
        and folder.name not in SKIPPED
        and not folder.name.startswith((".", "_"))
        and folder != ROOT / "python"
        and any(file.is_file() for file in folder.rglob("*") if "__pycache__" not in file.parts)
    }
    assert {"proto/", "python/src/", "tests/interop/"} <= found
    assert [folder for folder in sorted(found) if f"`{folder}`" not in text] == []


def test_contributing_names_every_room() -> None:
    text = named("CONTRIBUTING.md").partition("### Rooms of the package")[2]
    rooms = [
        f"{entry.name}/" if entry.is_dir() else entry.stem
        for entry in sorted(PACKAGE.iterdir())
        if not entry.name.startswith("_") and (entry.is_dir() or entry.suffix == ".py")
    ]
    assert {"commands/", "parity/", "staging"} <= set(rooms)
    assert [room for room in rooms if f"`{room}`" not in text] == []


def test_the_way_of_one_tensor_names_files_that_are_there() -> None:
    steps = [
        line for line in named("docs/one-tensor.md").splitlines() if re.match(r"\| \d+ \|", line)
    ]
    files = [name for line in steps for name in re.findall(r"`([\w./-]+(?:/|\.\w+))`", line)]
    assert len(files) > 40
    named_here = ("saved_model.pb", "tensors.tsv")
    missing = [
        name
        for name in files
        if name not in named_here and not (PACKAGE / name).exists() and not (ROOT / name).exists()
    ]
    assert missing == []
