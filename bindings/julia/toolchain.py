"""Gives this folder a Julia: that of PATH, or else Debian's, unpacked below build/.

    python toolchain.py --find OUT    says which Julia there is, or would be
    python toolchain.py OUT           writes its launcher OUT/julia, unpacking it if need be

Debian 11 was the last to have Julia. Its packages are those of debian.tsv, held against
their checksums and unpacked; nothing is installed. It needs nothing but Python's
standard library and dpkg-deb.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import platform
import re
import shlex
import shutil
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPResponse
from pathlib import Path

MINIMUM = (1, 5)
# Where Debian keeps a suite after its end.
ARCHIVE = "http://archive.debian.org/debian"
# The folder of what is unpacked, in OUT.
UNPACKED = "debian"
_TIMEOUT_S = 20.0


class ToolchainError(Exception):
    """There is no Julia, and none can be had here; the message says what to do."""


def on_path() -> tuple[str, str] | None:
    """Return Julia on PATH and its version, if it is recent enough."""
    program = shutil.which("julia")
    if program is None:
        return None
    done = subprocess.run([program, "--version"], capture_output=True, text=True, check=False)
    match = re.search(r"(\d+)\.(\d+)\S*", done.stdout)
    if match is None or (int(match[1]), int(match[2])) < MINIMUM:
        return None
    return program, match[0]


def packages() -> list[dict[str, str]]:
    """Return the rows of debian.tsv: package, version, path in the archive, sha256."""
    with Path(__file__).with_name("debian.tsv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file, delimiter="\t"))


def mirrors() -> Iterator[str]:
    """Yield the Debian mirrors of this machine's apt, then the archive."""
    apt = Path("/etc/apt")
    found: dict[str, None] = {}
    for file in [apt / "sources.list", *sorted(apt.glob("sources.list.d/*"))]:
        if file.is_file():
            text = re.sub(r"(?m)^\s*#.*", "", file.read_text(encoding="utf-8"))
            found |= dict.fromkeys(re.findall(r"https?://\S+?/debian(?=/?\s)", text))
    yield from found
    yield ARCHIVE


def open_url(url: str, method: str = "GET") -> HTTPResponse:
    """Ask a mirror, whose address comes from apt or is `ARCHIVE`."""
    request = urllib.request.Request(url, method=method)  # noqa: S310  (http or https, see mirrors)
    response: HTTPResponse = urllib.request.urlopen(request, timeout=_TIMEOUT_S)  # noqa: S310
    return response


def mirror() -> str:
    """Return the first mirror that has the packages.

    Raises:
        ToolchainError: None has, or they do not run here.
    """
    if platform.machine() != "x86_64" or shutil.which("dpkg-deb") is None:
        raise ToolchainError("no julia 1.5 or later on PATH, and Debian's runs on x86_64 Debian")
    first = packages()[0]["path"]
    for url in mirrors():
        try:
            with open_url(f"{url}/{first}", "HEAD"):
                return url
        except OSError:
            continue
    raise ToolchainError("no julia 1.5 or later on PATH, and no mirror has Debian 11's any more")


def unpack(folder: Path) -> None:
    """Download the packages, hold them against their checksums, and unpack them.

    Raises:
        ToolchainError: One cannot be had, or is another one.
    """
    url = mirror()
    partial = folder.with_name(f"{folder.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)

    def fetch(row: dict[str, str]) -> None:
        file = partial / Path(row["path"]).name
        try:
            with open_url(f"{url}/{row['path']}") as response:
                content = response.read()
        except OSError as error:
            raise ToolchainError(f"{url}/{row['path']}: {error}") from error
        if hashlib.sha256(content).hexdigest() != row["sha256"]:
            raise ToolchainError(f"{url}/{row['path']}: not the file with the checksum expected")
        file.write_bytes(content)
        subprocess.run(["dpkg-deb", "--extract", file, partial], check=True)
        file.unlink()

    with ThreadPoolExecutor(max_workers=2) as pool:
        list(pool.map(fetch, packages()))
    shutil.rmtree(folder, ignore_errors=True)
    partial.rename(folder)


def launcher(out: Path) -> str:
    """Return the text of a launcher: of PATH's Julia, or of the one unpacked in `out`.

    Raises:
        ToolchainError: As `unpack`.
    """
    # Else the libunwind that Julia brings along throws what libgcc_s catches, and cannot.
    preload = 'LD_PRELOAD=libgcc_s.so.1"${LD_PRELOAD:+:$LD_PRELOAD}"'
    found = on_path()
    if found is not None:
        return f'#!/bin/sh\n{preload} exec {shlex.quote(found[0])} "$@"\n'
    folder = out / UNPACKED
    if not folder.exists():
        unpack(folder)
    libraries = shlex.quote(str(folder / "usr/lib/x86_64-linux-gnu"))
    program = shlex.quote(str(folder / "usr/bin/julia"))
    path = f'LD_LIBRARY_PATH={libraries}"${{LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}}"'
    return f'#!/bin/sh\n{preload} {path} exec {program} "$@"\n'


def find(out: Path) -> str:
    """Return the version of the Julia that there is, or could be unpacked.

    Raises:
        ToolchainError: As `mirror`.
    """
    found = on_path()
    if found is not None:
        return found[1]
    where = "unpacked" if (out / UNPACKED).exists() else f"of {mirror()}"
    return f"{packages()[0]['version']} {where}"


def main() -> int:
    """Find Julia, or write its launcher."""
    parser = argparse.ArgumentParser(description="a Julia for this folder")
    parser.add_argument("--find", action="store_true", help="only say which")
    parser.add_argument("out", type=Path, help="the folder of the launcher, julia")
    arguments = parser.parse_args()
    out = arguments.out.resolve()
    try:
        if arguments.find:
            print(find(out))
        else:
            text = launcher(out)
            out.mkdir(parents=True, exist_ok=True)
            (out / "julia").write_text(text, encoding="utf-8")
            (out / "julia").chmod(0o755)
    except ToolchainError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
