"""Writes the scores of the last run into docs/interop.md.

    python -m tests.interop.report

The scores are build/interop/scores.json, which `pytest tests/interop` leaves.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping
from typing import Any

from stele import marked, paths
from stele.parity.record import machine
from tests.interop.agreement import OUT
from tests.interop.environments import ENVIRONMENTS

# What a table says -> the package that it comes from.
_PACKAGES = {
    "Triton": "nvidia-pytriton",
    "MLServer": "mlserver",
    "KServe": "kserve",
    "tritonclient": "tritonclient",
    "tensorflow-serving-api": "tensorflow-serving-api",
}

_COLUMNS = (
    "server",
    "client",
    "model",
    "cases",
    "as in process",
    "no form there",
    "known to differ",
)


def table(scores: Iterable[Mapping[str, Any]]) -> str:
    """Return the scores in Markdown, with machine, versions and date.

    Raises:
        SystemExit: A score is not good: such a table is not for the documentation.
    """
    lines = ["| " + " | ".join(_COLUMNS) + " |", "|---|---|---|---:|---:|---:|---:|"]
    reasons: dict[str, None] = {}
    for score in scores:
        if score["wrong"].keys() != score["known"].keys():
            raise SystemExit(
                f"{score['server']}, {score['client']}, {score['model']}: not all well"
            )
        counts = (
            score["cases"],
            score["identical"],
            len(score["unsupported"]),
            len(score["known"]),
        )
        who = (_told(score["server"]), _told(score["client"]), score["model"])
        lines.append("| " + " | ".join([*who, *map(str, counts)]) + " |")
        reasons.update(dict.fromkeys(score["known"].values()))
        reasons.update(
            dict.fromkeys(f"{score['client']}: {why}" for why in score["unsupported"].values())
        )
    where = machine()
    lines += [
        "",
        *(f"- {reason}" for reason in reasons),
        "",
        f"{where['machine']}; TensorFlow {where['tensorflow']}, Python {where['python']}; "
        f"{where['date']}.",
    ]
    return "\n".join(lines)


def _told(name: str) -> str:
    package = _PACKAGES.get(name)
    if package is None:
        return name
    version = ENVIRONMENTS[package].version()
    return f"{name} ({package} {version})" if name != package else f"{name} {version}"


def main() -> int:
    """Write the table."""
    file = paths.repo_root() / "docs" / "interop.md"
    marked.replace(file, "interop", table(json.loads((OUT / "scores.json").read_text())))
    return 0


if __name__ == "__main__":
    sys.exit(main())
