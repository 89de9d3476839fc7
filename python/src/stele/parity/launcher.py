"""Starts a worker, and sees that nothing of it outlives the harness.

    python launcher.py CONTROL MEMORY CPU COMMAND…

It stands between the harness and each worker, as a process of its own and without
threads, for two reasons: a signal at the parent's death (Linux's ``PDEATHSIG``) is bound
to the *thread* that started a process, and the harness starts workers from threads that
end; and what a worker starts in its turn (a server, a browser in a session of its own)
comes to the nearest subreaper when the worker dies, which is this process.

CONTROL is the number of an open socket. Three lines are written to it: ``started <pid>``
or ``failed <errno>``, and ``ended <status>`` (negative for a signal), with `` memory`` or
`` cpu`` behind it where that limit was the end. The other end closed, by the harness or by
the kernel when the harness dies in whatever way, is the order to kill everything.

MEMORY, in bytes, and CPU, in seconds, are limits of all processes together, 0 for none. They
are watched, for what the kernel offers is no use here: RLIMIT_AS counts the address space,
of which Java, Go and V8 reserve more than there is memory, and every limit of setrlimit is
one process's, a server's apart from its client's.

It is run by path with ``-I -S``: no import but the standard library's.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import select
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_WATCH_MS = 100


def main(control: int, memory: int, cpu: int, command: list[str]) -> None:
    """Start the command, wait for its end or for a reason to end it, and leave nothing."""
    os.set_inheritable(control, False)
    # A worker that crashes is one of the things that are tested: no core of a GiB each time.
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)
    wake, waker = os.pipe()
    os.set_blocking(waker, False)
    signal.signal(signal.SIGCHLD, lambda _number, _frame: None)
    signal.set_wakeup_fd(waker)
    worker = _start(control, command)
    _let_go_of_the_pipes()
    poll = select.poll()
    poll.register(control, select.POLLIN)
    poll.register(wake, select.POLLIN)
    ended: dict[int, int] = {}
    exceeded = ""
    while worker not in ended and not exceeded:
        ready = {descriptor for descriptor, _ in poll.poll(_WATCH_MS if memory or cpu else None)}
        if wake in ready:
            os.read(wake, 1024)
            _reap(ended)
        if control in ready:
            break
        exceeded = _exceeded(memory, cpu) if worker not in ended else ""
    _end(worker, ended)
    with contextlib.suppress(OSError):  # there may be nobody to tell
        os.write(control, f"ended {ended[worker]} {exceeded}\n".encode())


def _prctl(option: int, value: int) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


def _start(control: int, command: list[str]) -> int:
    """Fork and execute the command, tell the harness, and return the worker's id."""
    launcher = os.getpid()
    problem, problem_out = os.pipe()  # closed by a successful exec
    worker = os.fork()
    if worker == 0:
        try:
            _become(command, launcher)
        except OSError as error:
            os.write(problem_out, str(error.errno).encode())
        os._exit(127)
    os.close(problem_out)
    errno = os.read(problem, 16).decode()
    os.close(problem)
    os.write(control, (f"failed {errno}\n" if errno else f"started {worker}\n").encode())
    if errno:
        sys.exit(0)
    return worker


def _become(command: list[str], launcher: int) -> None:
    os.setsid()
    signal.set_wakeup_fd(-1)
    # Python ignores these, and a worker would inherit that.
    for number in (signal.SIGPIPE, signal.SIGXFSZ):
        signal.signal(number, signal.SIG_DFL)
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != launcher:  # it died before it was asked for
        os._exit(127)
    os.execvp(command[0], command)  # noqa: S606  (no shell is wanted)


def _let_go_of_the_pipes() -> None:
    """Leave stdin, stdout and stderr to the worker, so that their ends are its end."""
    nothing = os.open(os.devnull, os.O_RDWR)
    for descriptor in range(3):
        os.dup2(nothing, descriptor)


def _reap(ended: dict[int, int]) -> bool:
    """Collect what has ended: exit status, or minus the signal, by process id.

    Returns:
        Whether there are children left.
    """
    try:
        while True:
            child, status = os.waitpid(-1, os.WNOHANG)
            if child == 0:
                return True
            ended[child] = os.waitstatus_to_exitcode(status)
    except ChildProcessError:
        return False


def _end(worker: int, ended: dict[int, int]) -> None:
    """Kill the worker and all that came from it.

    The children of a process that dies become children of this one (a subreaper):
    killing children until there are none reaches every descendant.
    """
    while _reap(ended):
        # Elsewhere than on Linux the worker's own group is all that can be found.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(worker, signal.SIGKILL)
        for child in _children():
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(child, signal.SIGKILL)
        time.sleep(0.001)


def _children() -> Iterator[int]:
    """Yield the processes whose parent is this one; none off Linux."""
    return (pid for pid, fields in _processes() if int(fields[1]) == os.getpid())


def _processes() -> Iterator[tuple[int, list[bytes]]]:
    """Yield all processes, with the fields of their ``stat`` from the state on."""
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):  # it has ended
            # The name in parentheses may hold anything: count from its end.
            yield int(stat.parent.name), stat.read_bytes().rpartition(b")")[2].split()


def _exceeded(memory: int, cpu: int) -> str:
    """Return which limit all that came from this process has gone beyond; empty for none."""
    if not memory and not cpu:
        return ""
    family = _descendants()
    if memory and sum(map(_peak_memory, family)) > memory:
        return "memory"
    # Those that have ended are in their parent's figures: utime, stime, cutime, cstime.
    ticks = sum(int(ticks) for fields in family.values() for ticks in fields[11:15])
    seconds = ticks / os.sysconf("SC_CLK_TCK") + sum(os.times()[2:4])
    return "cpu" if cpu and seconds > cpu else ""


def _descendants() -> dict[int, list[bytes]]:
    """Return the processes that came from this one, orphans too, with their ``stat``."""
    processes = dict(_processes())
    found: dict[int, list[bytes]] = {}
    parents = [os.getpid()]
    for parent in parents:  # grows
        children = {pid: f for pid, f in processes.items() if int(f[1]) == parent}
        found |= children
        parents += children
    return found


def _peak_memory(pid: int) -> int:
    """Return the most bytes that a process had resident; 0 when it has ended."""
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_bytes().splitlines():
            if line.startswith(b"VmHWM:"):
                return int(line.split()[1]) * 1024
    return 0


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), sys.argv[4:])
