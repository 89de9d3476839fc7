"""The lines that a user pastes to run a model as a setting of `stele tune` does."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator

from stele.contract.config import PROFILES, parse
from stele.parity.binding import Binding, discover
from stele.parity.case import Target
from stele.parity.record import Trial


def lines(trial: Trial, target: Target, signature: str) -> Iterator[str]:
    """Yield shell commands first, then a line for each language that has one.

    Args:
        trial: What to set.
        target: The model.
        signature: That was measured.
    """
    bindings = discover()
    if not bindings[trial.binding].in_process:
        yield f"see {bindings[trial.binding].folder}/README.md"
        return
    model = folder = min(str(target.folder), os.path.relpath(target.folder), key=len)
    if trial.frozen:
        model = f"frozen/{trial.frozen}"
        yield (
            f"stele convert {shlex.quote(folder)} --to frozen "
            f"--signature {shlex.quote(signature)} --out frozen"
        )
    for name, value in trial.environment.items():
        yield f"export {name}={value}"
    if trial.config == "default":
        return
    for binding in bindings.values():
        if line := _load(binding, model, trial.config):
            yield f"{binding.id}: {line}"


def _load(binding: Binding, model: str, config: str) -> str:
    if config in PROFILES and binding.load_profile:
        return _filled(binding.load_profile, model=model, profile=config)
    serialized = parse(config)
    return _filled(
        binding.load_config,
        model=model,
        size=str(len(serialized)),
        hex=serialized.hex(),
        bytes=", ".join(f"0x{octet:02x}" for octet in serialized),
        escaped="".join(f"\\x{octet:02x}" for octet in serialized),
    )


def _filled(line: str, **values: str) -> str:
    # Not str.format: braces are part of most languages.
    for name, value in values.items():
        line = line.replace(f"{{{name}}}", value)
    return line
