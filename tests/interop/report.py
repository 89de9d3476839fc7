"""Writes the scores of the last run into docs/interop.md.

    python -m tests.interop.report

The scores are build/interop/scores.json, which `pytest tests/interop` leaves.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from stele import marked, paths
from stele.parity.report import place_in_full
from tests.interop import test_our_clients, test_our_server
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
    "refused by TensorFlow",
    "known to differ",
)

_PAIRS = {
    *(
        (server, client)
        for server in test_our_clients.SERVERS
        for client in test_our_clients.CLIENTS
    ),
    *(("stele", client) for client in test_our_server.CLIENTS),
}


def table(scores: Sequence[Mapping[str, Any]]) -> str:
    """Return the scores in Markdown, with machine, versions and date.

    Raises:
        SystemExit: Somebody was not asked, or not all is well: such a table is not for
            the documentation.
    """
    missing = _PAIRS - {(score["server"], score["client"]) for score in scores}
    if missing:
        raise SystemExit(f"not asked: {', '.join(' by '.join(pair) for pair in sorted(missing))}")
    lines = ["| " + " | ".join(_COLUMNS) + " |", "|---" * 3 + "|---:" * 5 + "|"]
    why: dict[str, None] = {}
    for score in scores:
        if score["wrong"].keys() != score["known"].keys():
            raise SystemExit(
                f"{score['server']}, {score['client']}, {score['model']}: not all well"
            )
        counts = (
            score["cases"],
            score["identical"],
            len(score["unsupported"]),
            len(score["refused"]),
            len(score["known"]),
        )
        who = (_told(score["server"]), _told(score["client"]), score["model"])
        lines.append("| " + " | ".join([*who, *map(str, counts)]) + " |")
        # A server of other people is told of once, not for each of our clients.
        other = score["client"] if score["server"] == "stele" else score["server"]
        for reason in (*score["unsupported"].values(), *score["known"].values()):
            why[f"- {other}: {reason}"] = None
    return "\n".join([*lines, "", *why, "", place_in_full()])


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
