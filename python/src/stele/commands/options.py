"""The options that several commands have, and that mean the same in all of them."""

import argparse
from pathlib import Path

from stele.contract.signature import parse_tags


def add_signature(parser: argparse.ArgumentParser) -> None:
    """Add which signature, of which MetaGraphDef."""
    parser.add_argument("--signature", metavar="S", help="only this signature")
    parser.add_argument(
        "--tags", type=parse_tags, metavar="T,T", help="the MetaGraphDef with these tags "
        "(default: serve, or the only ones there are)",
    )  # fmt: skip


def add_inputs(parser: argparse.ArgumentParser) -> None:
    """Add inputs of the user's own."""
    parser.add_argument(
        "--inputs", type=Path, metavar="FILE.npz", help="an array for each input, instead of "
        "inputs made from the signature",
    )  # fmt: skip
