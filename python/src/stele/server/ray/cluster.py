"""Ray and Ray Serve: started on this machine, or joined where they run."""

from __future__ import annotations

import importlib
import os
import secrets
import signal
import tempfile
import time
from pathlib import Path
from typing import Any

from stele.contract.codes import Code, SteleError
from stele.server.options import Options
from stele.server.ray import options as ray_config
from stele.server.ray import ports as ways
from stele.server.ray.options import RayOptions

_LOOPBACK = "127.0.0.1"


class Cluster:
    """A Ray that runs: joined, or ours, in which case it ends with us.

    Attributes:
        ray: The module.
        serve: The module ``ray.serve``.
        ports: Where Ray Serve listens.
    """

    def __init__(self, options: Options, ray_options: RayOptions) -> None:
        """Start or join Ray, and start Ray Serve if it does not run yet.

        Raises:
            SteleError: UNAVAILABLE if there is no cluster at the address.
        """
        self._local = ray_options.local
        # For HAProxy; removed at the latest when this process ends.
        self._folder = tempfile.TemporaryDirectory(prefix="stele-", ignore_cleanup_errors=True)
        self.ports = (ways.free if self._local else ways.fixed)(options.port)
        folder = Path(self._folder.name) if self._local else None
        variables = ray_config.environment(options, ray_options, self.ports, folder)
        variables |= {name: os.environ[name] for name in ray_config.TUNABLE if name in os.environ}
        os.environ.update(variables)
        if self._local:
            _be_private()
        self.ray: Any = importlib.import_module("ray")
        self.serve: Any = importlib.import_module("ray.serve")
        self._join(ray_options, variables)
        # Ray Serve has one set of ports and options for a cluster, which stay.
        self._ours = not self.serve.status().proxies
        self.serve.start(**ray_config.start(options, self.ports))

    def _join(self, ray_options: RayOptions, variables: dict[str, str]) -> None:
        # Ray would end the process on SIGTERM, whatever is going on.
        handlers = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
        try:
            if self._local:
                # Without the address Ray would join whatever it finds.
                self.ray.init(
                    "local",
                    num_cpus=ray_options.processors(os.cpu_count() or 1),
                    include_dashboard=False,
                    _node_ip_address=_LOOPBACK,
                )
            else:
                self.ray.init(ray_options.address, runtime_env={"env_vars": variables})
        except (ConnectionError, self.ray.exceptions.RaySystemError) as error:
            where = f"no Ray cluster at {ray_options.address}: {error}"
            raise SteleError(Code.UNAVAILABLE, where) from error
        finally:
            for number, handler in handlers.items():
                signal.signal(number, handler)

    def hosts(self) -> list[str]:
        """Return the machines that take calls."""
        if self._local:
            return [_LOOPBACK]
        proxies = self.serve.status().proxies
        return [
            str(node["NodeManagerAddress"])
            for node in self.ray.nodes()
            if node["Alive"] and node["NodeID"] in proxies
        ]

    def stop(self, grace: float) -> bool:
        """End what was started here.

        Args:
            grace: Seconds for calls inside.

        Returns:
            Whether all calls inside were answered.
        """
        done = True
        if self._local:
            done = _drain(Path(self._folder.name), grace)
        else:
            # Answers the calls inside; a shutdown alone would not.
            self.serve.delete(ray_config.NAME)
            if self._ours:
                self.serve.shutdown()
        self.ray.shutdown()
        self._folder.cleanup()
        return done


def _be_private() -> None:
    """Have Ray report to nobody, and take orders only from who knows a fresh token."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    if "RAY_AUTH_MODE" not in os.environ:
        os.environ["RAY_AUTH_MODE"] = "token"
        os.environ.setdefault("RAY_AUTH_TOKEN", secrets.token_hex(32))


def _drain(folder: Path, grace: float) -> bool:
    """Have HAProxy take no more calls, and wait until the last one is answered.

    Ray itself has no order for that: while it removes an application, calls are
    answered with NOT_FOUND.
    """
    for process in _haproxies(folder):
        os.kill(process, signal.SIGUSR1)
    deadline = time.monotonic() + grace
    while _haproxies(folder):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def _haproxies(folder: Path) -> list[int]:
    """Return the processes of HAProxy with their settings in a folder."""
    settings = os.fsencode(folder)
    found = []
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = file.read_bytes().split(b"\0")
        except OSError:
            continue
        if b"-f" in words and any(word.startswith(settings) for word in words):
            found.append(int(file.parent.name))
    return found
