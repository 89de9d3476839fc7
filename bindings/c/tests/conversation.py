"""The two ends of protocol 1 that the worker's tests need: a player and bundles."""

import os
import re
import shutil
import struct
import subprocess

ESCAPES = {"\\": r"\\", "\t": r"\t", "\n": r"\n", "\r": r"\r", "\0": r"\0"}


def escape(text):
    return "".join(ESCAPES.get(letter, letter) for letter in text)


def unescape(text):
    plain = {escaped: letter for letter, escaped in ESCAPES.items()}
    return re.sub(r"\\.", lambda match: plain[match[0]], text)


def framed(*strings):
    """The file of a BYTES tensor."""
    return b"".join(struct.pack("<I", len(s)) + s for s in strings)


class Worker:
    """A worker's process; a reply that does not come is an AssertionError."""

    def __init__(self, command, models):
        self.models = models
        self.process = subprocess.Popen(
            [command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            # Sanitizers end the process where malloc would return NULL.
            env={**os.environ, "ASAN_OPTIONS": "allocator_may_return_null=1"},
        )
        self.id = 0
        self.loaded = None

    def send(self, line):
        """Send one raw line; return the reply's fields behind the sentinel."""
        self.process.stdin.write(line + b"\n\n")
        self.process.stdin.flush()
        for reply in self.process.stdout:
            if reply.startswith(b"@stele1\t"):
                fields = reply.decode(errors="replace").rstrip("\n").split("\t")
                return [unescape(field) for field in fields[1:]]
        raise AssertionError(f"the worker has died: {self.process.wait()}")

    def ask(self, *fields):
        """Send a request; return status and fields."""
        self.id += 1
        line = "\t".join([str(self.id), *(escape(str(field)) for field in fields)])
        number, *reply = self.send(line.encode())
        assert number == str(self.id)
        return reply

    def ok(self, *fields):
        status, *rest = self.ask(*fields)
        assert status == "ok", rest
        return rest

    def refused(self, code, *fields, naming=()):
        """Send a request that is refused; the message names all of `naming`."""
        status, *rest = self.ask(*fields)
        assert [status, *rest[:1]] == ["error", code], rest
        for part in naming:
            assert part in rest[1]

    def load(self, name, tags="serve", config="default"):
        """Load a test model, unless it is the one that is loaded."""
        if self.loaded != (name, tags, config):
            self.ok("load", self.models / name, tags, config)
            self.loaded = (name, tags, config)

    def unload(self):
        self.ok("unload")
        self.loaded = None

    def end(self):
        """Close stdin; return the exit status."""
        self.process.stdin.close()
        return self.process.wait(timeout=60)


class Bundles:
    """A folder with the bundle `in`, made here, and `out`, made by a worker."""

    def __init__(self, path):
        self.path = path
        self.out = path / "out"

    def bundle(self, *tensors, lines=None):
        """Write (name, dtype, shape, data) rows, or raw lines; return the folder."""
        path = self.path / "in"
        shutil.rmtree(path, ignore_errors=True)
        path.mkdir()
        rows = b""
        for i, (name, dtype, shape, data) in enumerate(tensors):
            (path / f"{i}.bin").write_bytes(data)
            row = [escape(name), dtype, ",".join(map(str, shape)), str(len(data)), f"{i}.bin"]
            rows += "\t".join(row).encode() + b"\n"
        (path / "tensors.tsv").write_bytes(rows if lines is None else lines)
        return path

    def outputs(self):
        """Return what is in `out`: name to (dtype, shape, data)."""
        result = {}
        for line in (self.out / "tensors.tsv").read_text().splitlines():
            name, dtype, shape, nbytes, file = line.split("\t")
            data = (self.out / file).read_bytes()
            assert len(data) == int(nbytes)
            dims = tuple(map(int, shape.split(","))) if shape else ()
            result[unescape(name)] = (dtype, dims, data)
        return result
