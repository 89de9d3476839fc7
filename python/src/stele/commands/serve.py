"""``stele serve``: SavedModels over gRPC and REST."""

from __future__ import annotations

import argparse
import json
import logging
import os
import re
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from stele import paths
from stele.contract import config
from stele.contract.codes import Code, SteleError
from stele.contract.printable import printable
from stele.contract.signature import DEFAULT_TAGS, parse_tags
from stele.server.folders import model_name
from stele.server.options import MEBIBYTE, Options
from stele.server.ray import arguments as ray_arguments

if TYPE_CHECKING:
    from stele.server.app import Server
    from stele.server.ray.app import RayServer

# What runs models is imported when a server starts: `stele --help` does not need it.

# What a number may be, as in bindings/rust/server/src/arguments.rs.
_RANGES: dict[str, tuple[int, int]] = {
    "port": (0, 65535),
    "rest_port": (0, 65535),
    "metrics_port": (0, 65535),
    "workers": (1, 1024),
    "queue": (0, 1_000_000),
    "batch": (0, 1_000_000),
    "max_message": (1, 2047),
    "max_inside": (1, 1_048_576),
    "poll": (0, 1_000_000_000),
    "grace": (0, 1_000_000_000),
}

_NAME = re.compile(r"[A-Za-z0-9_.-]+")


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command's options."""
    parser = subparsers.add_parser(
        "serve",
        help="serve SavedModels over gRPC and REST, as Triton and TensorFlow Serving do",
        description="Serves SavedModels over gRPC and REST, without importing TensorFlow. One port "
        "answers the Open Inference Protocol (what Triton, KServe and MLServer speak), TensorFlow "
        "Serving's Predict, GetModelMetadata and GetModelStatus, health and reflection, another "
        "REST. When all models are loaded, one line on stdout says so.",
        epilog="example: stele serve digits=build/models/digits/saved_model --profile inline",
    )
    parser.add_argument(
        "models", nargs="*", metavar="[NAME=]DIR", help="a SavedModel, or a folder with a numbered "
        "SavedModel for each version, of which the newest is served (default NAME: the folder's)",
    )  # fmt: skip
    where = parser.add_argument_group("where")
    where.add_argument(
        "--host", default=Options.host, help="default: %(default)s, this machine alone"
    )
    where.add_argument(
        "--port", type=int, default=Options.port, help="default: %(default)s; 0 takes a free one"
    )
    where.add_argument(
        "--rest-port", type=int, metavar="PORT",
        help="also answer REST there; 0 takes a free port (default: off)",
    )  # fmt: skip
    where.add_argument(
        "--tls-cert", type=Path, metavar="PEM", help="speak TLS, with this certificate chain"
    )
    where.add_argument("--tls-key", type=Path, metavar="PEM", help="and this private key")
    models = parser.add_argument_group("models")
    models.add_argument(
        "--profile", choices=list(config.PROFILES), default="default",
        help="session config: TensorFlow's own (default), inline or single, often faster "
        "on small models, or python, with the bits of the function in Python",
    )  # fmt: skip
    models.add_argument(
        "--config", metavar="hex:DIGITS", help="a serialized ConfigProto instead of a profile"
    )
    models.add_argument(
        "--tags", type=parse_tags, default=",".join(DEFAULT_TAGS), metavar="T,T",
        help="of the MetaGraphDef to load (default: %(default)s)",
    )  # fmt: skip
    models.add_argument(
        "--poll", type=float, default=Options.poll, metavar="SECONDS",
        help="between looks for new versions (default: %(default)s; 0: never)",
    )  # fmt: skip
    models.add_argument(
        "--model-control", choices=["none", "explicit"], default="none",
        help="explicit: clients load and unload models from folders of this machine; no polling",
    )  # fmt: skip
    models.add_argument(
        "--warmup", action="store_true",
        help="run serving_default once, on zeros, before a model takes calls; one that brings "
        "tf_serving_warmup_requests replays those",
    )  # fmt: skip
    load = parser.add_argument_group("load")
    load.add_argument(
        "--workers", type=int, default=Options.workers, metavar="N",
        help="calls that run at once (default: the processors, here %(default)s)",
    )  # fmt: skip
    load.add_argument(
        "--queue", type=int, default=Options.queue, metavar="N",
        help="calls of a model that may wait; more are RESOURCE_EXHAUSTED "
        "(default: %(default)s)",
    )  # fmt: skip
    load.add_argument(
        "--batch", type=int, default=Options.batch, metavar="ROWS",
        help="run calls that wait as one batch of at most so many rows; only for models whose rows "
        "do not depend on each other, and bits may differ from an unbatched call's (default: off)",
    )  # fmt: skip
    load.add_argument(
        "--max-message", type=int, default=Options.max_message // MEBIBYTE, metavar="MIB",
        help="of a request; more is RESOURCE_EXHAUSTED (default: %(default)s)",
    )  # fmt: skip
    load.add_argument(
        "--max-inside", type=int, default=Options.max_inside // MEBIBYTE, metavar="MIB",
        help="of all requests and answers that are inside at once; a request without room is "
        "RESOURCE_EXHAUSTED (default: %(default)s)",
    )  # fmt: skip
    life = parser.add_argument_group("life")
    life.add_argument(
        "--grace", type=float, default=Options.grace, metavar="SECONDS",
        help="for calls inside when the server stops, on SIGTERM, SIGINT or SIGHUP (default: "
        "%(default)s)",
    )  # fmt: skip
    life.add_argument(
        "--stop-with-stdin", action="store_true", help="also stop at the end of stdin, such as "
        "when the process that started this one is gone",
    )  # fmt: skip
    watch = parser.add_argument_group("watch")
    watch.add_argument(
        "--access-log", action="store_true", help="a line of JSON on stderr for each call"
    )
    watch.add_argument(
        "--metrics-port", type=int, metavar="PORT",
        help="serve Prometheus metrics to this machine; 0 takes a free port",
    )  # fmt: skip
    watch.add_argument("--json", action="store_true", help="say that it is ready as JSON")
    ray_arguments.add(parser)
    parser.set_defaults(run=run, usage=parser)


def run(args: argparse.Namespace) -> int:
    """Serve until told to stop, and return the exit status."""
    logging.basicConfig(
        stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s"
    )
    # TensorFlow tells of each step of a load, unless the user wants to hear it.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    # Before the models are loaded: a server that is told to stop then stops then.
    stop = _stop_signals()
    if args.stop_with_stdin:
        _set_later(stop, _end_of_stdin)
    server = _server(args, stop)
    address = server.start()
    _say_ready(address, server.rest, server.models, as_json=args.json)
    stop.wait()
    if not server.drain():
        # A model that runs cannot be interrupted, and would hold the process.
        logging.getLogger("stele.server").warning("calls are still running; leaving them")
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(0)
    return 0


def _server(args: argparse.Namespace, stop: threading.Event) -> Server | RayServer:
    options, ray_options = _options(args), ray_arguments.parse(args)
    try:
        if ray_options is None:
            from stele.server.app import Server

            return Server(options, stop)
        from stele.server.ray.app import RayServer

        return RayServer(options, ray_options, stop)
    except ModuleNotFoundError as error:
        needed = "tf-stele-native" if ray_options is None else "'tf-stele[ray]' tf-stele-native"
        raise SteleError(
            Code.FAILED_PRECONDITION,
            f"{error.name} is not installed; the server needs: pip install {needed}, or in a "
            "checkout: make -C bindings/rust install-wheel",
        ) from error


def _options(args: argparse.Namespace) -> Options:
    explicit = args.model_control == "explicit"
    models = _models(args)
    if not models and not explicit:
        args.usage.error("no model to serve: name a folder, or use --model-control explicit")
    for name, (least, most) in _RANGES.items():
        value = getattr(args, name)
        # A NaN is in no range.
        if value is not None and not least <= value <= most:
            option = name.replace("_", "-")
            args.usage.error(f'--{option} takes {least} to {most}, not "{value}"')
    if (args.tls_cert is None) != (args.tls_key is None):
        args.usage.error("--tls-cert and --tls-key go together")
    return Options(
        models=models,
        host=args.host,
        port=args.port,
        rest_port=args.rest_port,
        tags=args.tags,
        session_config=config.parse(args.config or args.profile),
        max_message=args.max_message * MEBIBYTE,
        max_inside=args.max_inside * MEBIBYTE,
        tls=(args.tls_cert, args.tls_key) if args.tls_cert is not None else None,
        workers=args.workers,
        queue=args.queue,
        batch=args.batch,
        warmup=args.warmup,
        explicit=explicit,
        poll=args.poll,
        grace=args.grace,
        access_log=args.access_log,
        metrics_port=args.metrics_port,
    )


def _models(args: argparse.Namespace) -> dict[str, Path]:
    models: dict[str, Path] = {}
    for text in args.models:
        name, equals, folder = text.partition("=")
        if not equals or not _NAME.fullmatch(name) or Path(text).exists():
            name, folder = model_name(paths.of_model(text)), text
        if name in models:
            args.usage.error(f'two models are called "{name}": give one a name, as NAME={folder}')
        models[name] = paths.of_model(folder)
    return models


def _stop_signals() -> threading.Event:
    """Return an event that SIGTERM, SIGINT and SIGHUP set."""
    stop = threading.Event()
    heard, tell = os.pipe()
    os.set_blocking(tell, False)
    # A handler must not set the event itself: where it interrupts the event's wait(), it
    # would wait for the lock that its own thread holds.
    signal.set_wakeup_fd(tell)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda _number, _frame: None)
    _set_later(stop, lambda: os.read(heard, 1))
    return stop


def _end_of_stdin() -> None:
    while os.read(sys.stdin.fileno(), 4096):
        pass


def _set_later(stop: threading.Event, wait: Callable[[], object]) -> None:
    def run() -> None:
        wait()
        stop.set()

    threading.Thread(target=run, name="stele-stop", daemon=True).start()


def _say_ready(address: str, rest: str | None, names: list[str], *, as_json: bool) -> None:
    if as_json:
        line = {"event": "ready", "address": address, "models": names}
        line |= {"rest": rest} if rest else {}
        print(json.dumps(line), flush=True)
    else:
        print(
            f"ready on {address}: {', '.join(map(printable, names)) or 'no models yet'}", flush=True
        )
