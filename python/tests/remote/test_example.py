"""The example of the remote client prints what the digits example prints."""

from __future__ import annotations

import subprocess
import sys

from stele import paths
from stele.parity.binding import Binding, discover


def printed(command: list[str]) -> str:
    environment = [f"{name}={value}" for name, value in Binding.environment().items()]
    return subprocess.run(
        ["env", *environment, *command], stdout=subprocess.PIPE, text=True, check=True
    ).stdout


def test_it_prints_what_a_model_in_process_prints(server) -> None:
    model = str(paths.models_dir() / "digits" / "saved_model")
    local = [part.replace("{model}", model) for part in discover()["python-native"].example]
    example = paths.bindings_dir() / "python" / "examples" / "remote.py"
    lines = printed([sys.executable, str(example), server, "digits"])
    assert lines.startswith("signature serving_default\ninput image FP32 [?,8,8,1]\n")
    assert lines == printed(local)
