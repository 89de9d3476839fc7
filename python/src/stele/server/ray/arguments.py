"""The options of ``stele serve --ray``."""

from __future__ import annotations

import argparse

from stele.server.ray.options import RayOptions

# What else `stele serve` takes and a replica cannot do, and why.
_REFUSED = {
    "tls_cert": "Ray Serve takes plain text; put TLS in front of it",
    "tls_key": "Ray Serve takes plain text; put TLS in front of it",
    "rest_port": "Ray Serve carries gRPC; serve REST without --ray",
    "metrics_port": "Ray has metrics of its own",
    "model_control": "a call would reach one replica of several",
}

# The options that have an attribute of their name in RayOptions.
_NAMES = (
    "replicas",
    "autoscale",
    "target_ongoing",
    "max_ongoing",
    "replica_cpus",
    "health_period",
    "health_timeout",
    "haproxy",
)

_LOOPBACK = ("127.0.0.1", "localhost", "::1")


def add(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    group = parser.add_argument_group(
        "Ray Serve", "replicas on this machine, or on a Ray cluster; needs the extra tf-stele[ray]"
    )
    group.add_argument("--ray", action="store_true", help="serve on Ray Serve")
    # Their defaults are RayOptions'; here, None tells that an option was not given.
    group.add_argument(
        "--ray-address", metavar="HOST:PORT",
        help="of a running cluster (auto: the one of this machine), and --host, such as 0.0.0.0; "
        "without it, Ray is started here and ends with the command",
    )  # fmt: skip
    group.add_argument(
        "--replicas", type=int, metavar="N",
        help=f"processes that hold the models (default: {RayOptions.replicas})",
    )  # fmt: skip
    group.add_argument(
        "--autoscale", metavar="MIN:MAX", help="as many replicas as the load needs, within bounds"
    )
    group.add_argument(
        "--target-ongoing", type=float, metavar="N",
        help="calls inside a replica that autoscaling aims at (default: Ray's)",
    )  # fmt: skip
    group.add_argument(
        "--max-ongoing", type=int, metavar="N",
        help="calls that a replica takes (default: --workers and --queue together); as many wait "
        "in Ray, and more are RESOURCE_EXHAUSTED",
    )  # fmt: skip
    group.add_argument(
        "--replica-cpus", type=float, metavar="N",
        help=f"processors that Ray sets aside for one (default: {RayOptions.replica_cpus:g})",
    )  # fmt: skip
    group.add_argument(
        "--health-period", type=float, metavar="SECONDS",
        help=f"between health checks of a replica (default: {RayOptions.health_period:g})",
    )  # fmt: skip
    group.add_argument(
        "--health-timeout", type=float, metavar="SECONDS",
        help=f"that one may take (default: {RayOptions.health_timeout:g})",
    )  # fmt: skip
    group.add_argument(
        "--no-haproxy", dest="haproxy", action="store_false", default=None,
        help="carry calls by Ray's own proxy: slower, and a replica that dies costs the calls "
        "inside it, with INTERNAL",
    )  # fmt: skip


def parse(args: argparse.Namespace) -> RayOptions | None:
    """Return the options; None without ``--ray``. Ends the program if they do not fit."""
    usage: argparse.ArgumentParser = args.usage
    given = {name: getattr(args, name) for name in _NAMES if getattr(args, name) is not None}
    if args.ray_address is not None:
        given["address"] = args.ray_address
    if not args.ray:
        for name in given:
            usage.error(f"{_flag(name)} needs --ray")
        return None
    _check_server(args)
    for name, value in given.items():
        if isinstance(value, (int, float)) and name != "haproxy" and value <= 0:
            usage.error(f"{_flag(name)} takes a positive number")
    if "autoscale" in given:
        given["autoscale"] = _bounds(usage, given["autoscale"])
        if "replicas" in given:
            usage.error("--replicas and --autoscale exclude each other")
    elif "target_ongoing" in given:
        usage.error("--target-ongoing needs --autoscale")
    return RayOptions(**given)


def _check_server(args: argparse.Namespace) -> None:
    """Refuse what the server is told and Ray cannot do."""
    usage: argparse.ArgumentParser = args.usage
    for name, reason in _REFUSED.items():
        if getattr(args, name) != usage.get_default(name):
            usage.error(f"{_flag(name)} does not go with --ray: {reason}")
    if args.ray_address is not None:
        if args.port == 0:
            usage.error("a cluster needs a --port that is free on all its machines")
        if args.host in _LOOPBACK:
            usage.error("the machines of a cluster need a --host that they can all listen on")


def _flag(name: str) -> str:
    names = {"haproxy": "--no-haproxy", "address": "--ray-address"}
    return names.get(name, f"--{name.replace('_', '-')}")


def _bounds(usage: argparse.ArgumentParser, text: str) -> tuple[int, int]:
    fewest, _, most = text.partition(":")
    if not (fewest.isdecimal() and most.isdecimal() and 0 < int(fewest) <= int(most)):
        usage.error(f"--autoscale takes MIN:MAX, such as 1:4, not {text}")
    return int(fewest), int(most)
