"""What people give in place of a SavedModel: the rows of ``wrong_models.tsv``, made.

    python -m tests.odd_models.wrong FOLDER

makes all of them for tests in other languages, and prints the path of each as JSON.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from stele._proto import saved_model_pb2 as pb
from tests import tables

PB, INDEX = "saved_model.pb", "variables/variables.index"
POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n"


def rows() -> list[list[str]]:
    return tables.rows("wrong_models.tsv", "given", "code", "message")


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


def main(folder: Path) -> None:
    """Make each row in a folder of its own."""
    made = {}
    for number, (given, *_) in enumerate(rows()):
        around = folder / str(number)
        around.mkdir()
        made[given] = given if "://" in given else str(make(given, around))
    print(json.dumps(made))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
