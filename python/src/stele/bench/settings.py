"""What can be set for a model that TensorFlow runs, without changing the model."""

from __future__ import annotations

import itertools
from pathlib import Path

from stele.bench.contestant import Setting
from stele.contract.config import PROFILES

# Read by TensorFlow when its library is loaded: kernels of oneDNN, or its own.
ONEDNN = "TF_ENABLE_ONEDNN_OPTS"

DEFAULT = Setting()


def of_session(cores: int, *, onednn: bool, frozen: Path | None) -> list[Setting]:
    """Return every combination that is worth a try, the default first.

    Args:
        cores: Of this machine.
        onednn: Whether TensorFlow uses oneDNN here by itself; its other state is tried too.
        frozen: The same model with constants for variables; None where there is none.
    """
    environments: list[tuple[str, dict[str, str]]] = [
        ("", {}),
        (f"oneDNN {'off' if onednn else 'on'}", {ONEDNN: "0" if onednn else "1"}),
    ]
    graphs = [("", None), *([("frozen", frozen)] if frozen is not None else [])]
    return [
        Setting(_name(config_name, graph, state), config, environment, folder)
        for (config_name, config), (graph, folder), (state, environment) in itertools.product(
            _configs(cores), graphs, environments
        )
    ]


def _configs(cores: int) -> list[tuple[str, str]]:
    """Return the profiles, and ``inline`` with fewer threads inside an op than there are cores."""
    threads = [2**n for n in range(cores.bit_length()) if 2**n < cores]
    return [(name, name) for name in PROFILES] + [
        (f"inline, {count} thread{'s' if count > 1 else ''} in an op", _inline(count))
        for count in threads
    ]


def _inline(threads: int) -> str:
    # intra_op_parallelism_threads = 2 (tensorflow/core/protobuf/config.proto), one byte: no
    # machine has 128 times 2 cores to spare for one call.
    return "hex:" + (PROFILES["inline"] + b"\x10" + bytes([min(threads, 127)])).hex()


def _name(*parts: str) -> str:
    return ", ".join(part for part in parts if part)
