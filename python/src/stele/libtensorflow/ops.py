"""Asks the C library which ops it has."""

from __future__ import annotations

import subprocess
import sys

from google.protobuf.message import DecodeError

from stele._proto import graph_pb2 as pb
from stele.contract.codes import Code, SteleError
from stele.libtensorflow.wheel import Library

# In a process of its own: the library is never unloaded, and talks on stderr.
_PROGRAM = """
import ctypes, sys
class Buffer(ctypes.Structure):
    _fields_ = [("data", ctypes.c_void_p), ("length", ctypes.c_size_t), ("free", ctypes.c_void_p)]
ctypes.CDLL(sys.argv[1])
library = ctypes.CDLL(sys.argv[2])
library.TF_GetAllOpList.restype = ctypes.POINTER(Buffer)
found = library.TF_GetAllOpList().contents
sys.stdout.buffer.write(ctypes.string_at(found.data, found.length))
"""


def registered(library: Library) -> frozenset[str]:
    """Return the names of all ops that a TensorFlow library has.

    Raises:
        SteleError: FAILED_PRECONDITION when it does not say.
    """
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM, library.framework, library.cc],
        capture_output=True,
        check=False,
    )
    try:
        names = frozenset(op.name for op in pb.OpList.FromString(done.stdout).op)
    except DecodeError:
        names = frozenset()
    if done.returncode != 0 or not names:
        raise SteleError(Code.FAILED_PRECONDITION, f'"{library.cc}" does not list its ops')
    return names
