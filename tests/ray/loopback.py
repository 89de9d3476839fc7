"""Runs a program where there is no network but the loopback interface, and no other process.

Ray listens on all interfaces at some of its ports, and asks the network for its own
address. In a namespace both stay inside the machine; and whatever the program leaves
running ends with it.
"""

from __future__ import annotations

import fcntl
import os
import socket
import struct
import subprocess
import sys

_INSIDE = "STELE_TEST_NAMESPACE"

_UNSHARE = ["unshare", "--net", "--pid", "--fork", "--mount-proc", "--kill-child"]

# ioctl's requests and the flags of an interface, from Linux's headers.
_SIOCGIFFLAGS = 0x8913
_SIOCSIFFLAGS = 0x8914
_IFF_UP = 1


def _command() -> list[str]:
    # Root may make namespaces; others, where they may, become root of a new one.
    return _UNSHARE if os.geteuid() == 0 else [*_UNSHARE, "--map-root-user"]


def problem() -> str:
    """Return why there can be no namespace; empty if there can."""
    try:
        tried = subprocess.run([*_command(), "true"], capture_output=True, text=True, check=False)
    except OSError as error:
        return f"unshare: {error.strerror}"
    return tried.stderr.strip() if tried.returncode else ""


def enter() -> None:
    """Go on in a namespace: the program begins anew there, and this call returns.

    Ends the program with status 3 where there can be no namespace.
    """
    if _INSIDE in os.environ:
        _raise_loopback()
        return
    if why := problem():
        print(f"no namespace can be made here: {why}", file=sys.stderr)
        raise SystemExit(3)
    os.environ[_INSIDE] = "1"
    command = [*_command(), sys.executable, *sys.orig_argv[1:]]
    os.execvp(command[0], command)  # noqa: S606  (the namespace takes this process over)


def _raise_loopback() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        request = struct.pack("16sh14x", b"lo", 0)
        flags = struct.unpack("16sh14x", fcntl.ioctl(any_socket, _SIOCGIFFLAGS, request))[1]
        fcntl.ioctl(any_socket, _SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", flags | _IFF_UP))
