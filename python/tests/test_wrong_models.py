"""What people give in place of a SavedModel, and rows of the bad-input table nobody makes."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from stele import paths, savedmodel
from stele._proto import saved_model_pb2 as pb
from stele.contract.codes import Code, SteleError
from stele.parity.bad_input import parse_table

CONTRACT = paths.bindings_dir() / "contract"
PB, INDEX = "saved_model.pb", "variables/variables.index"
POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n"


def rows() -> list[list[str]]:
    header, *lines = [
        line.split("\t")
        for line in (CONTRACT / "wrong_models.tsv").read_text().splitlines()
        if not line.startswith("#")
    ]
    assert header == ["given", "code", "message"]
    return lines


def write(folder: Path, **files: bytes) -> Path:
    """Write a SavedModel with variables; ``files`` replace its own."""
    model = pb.SavedModel()
    graph = model.meta_graphs.add()
    graph.meta_info_def.tags.append("serve")
    graph.saver_def = b"\x0a\x00"
    own = {"pb": model.SerializeToString(), "index": b"index", "data": b"data"} | files
    (folder / "variables").mkdir(parents=True)
    (folder / PB).write_bytes(own["pb"])
    (folder / INDEX).write_bytes(own["index"])
    (folder / "variables" / "variables.data-00000-of-00001").write_bytes(own["data"])
    return folder


def fifo(file: Path) -> None:
    file.unlink()
    os.mkfifo(file)


def make(given: str, folder: Path) -> Path:  # noqa: PLR0911, PLR0912  (a case for each row)
    """Make what a row gives; return its path."""
    match given:
        case "missing":
            return folder / "missing"
        case "empty-folder":
            (folder / given).mkdir()
        case "file" | "model.keras" | "model.h5" | "model.hdf5" | "model.tflite":
            (folder / given).write_bytes(b"")
        case "saved_model.pb":
            return write(folder / "model") / PB
        case "versions":
            for version in ("2", "10"):
                write(folder / given / version)
        case "pbtxt":
            (folder / given).mkdir()
            (folder / given / "saved_model.pbtxt").write_bytes(b"")
        case "lfs-pointer":
            return write(folder / given, pb=POINTER)
        case "lfs-pointer-index":
            return write(folder / given, index=POINTER)
        case "lfs-pointer-data":
            return write(folder / given, data=POINTER)
        case "fifo":
            fifo(write(folder / given) / PB)
        case "fifo-index":
            fifo(write(folder / given) / INDEX)
        case "endless":
            os.truncate(write(folder / given) / PB, 3 << 30)
        case _ if "://" in given:
            return Path(given)
        case _:
            raise ValueError(f"wrong_models.tsv: nobody makes {given}")
    return folder / given


@pytest.mark.parametrize("row", rows(), ids=lambda row: row[0])
def test_wrong_models(row: list[str], tmp_path: Path) -> None:
    given, code, message = row
    path = make(given, tmp_path)
    savedmodel.load_signatures(write(tmp_path / "right"))
    with pytest.raises(SteleError) as caught:
        savedmodel.load_signatures(path)
    text = given if "://" in given else str(path)
    assert caught.value.code.name == code
    assert caught.value.message == message.format(path=text, folder=path.parent)


def test_a_path_below_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(SteleError) as caught:
        savedmodel.read(tmp_path / "file" / "model")
    assert caught.value.code is Code.NOT_FOUND


@pytest.mark.parametrize(
    "more",
    [
        '[load.nobody-makes-this]\ncode = "OK"',
        '[walk.x]\ncode = "OK"',
        '[run.wrong-nbytes]\ncode = "OK"',
    ],
)
def test_a_row_that_nobody_makes_is_an_error(more: str) -> None:
    text = (CONTRACT / "refusals.toml").read_text()
    assert parse_table(text)
    changed = text.replace("[run.wrong-nbytes]\n", '[run.wrong-nbytes]\nkey = "x"\n')
    with pytest.raises(SteleError) as caught:
        parse_table(changed if "wrong-nbytes" in more else f"{text}\n{more}\n")
    assert "unknown" in caught.value.message
