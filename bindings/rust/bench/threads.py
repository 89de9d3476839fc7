"""Throughput of one model from one Python thread and from eight.

python threads.py BUILD
"""

import statistics
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from stele_native import Model

ROUNDS = 9
CALLS = 1000


def main(build: Path) -> None:
    """Print one line."""
    run = Model(build / "rust" / "models" / "busy", profile="inline").prepare()
    x = np.ones((1, 128), np.float32)

    def calls(threads: int) -> float:
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(lambda _: None, range(threads)))  # threads are up
            start = time.perf_counter()
            list(pool.map(lambda _: run(x=x), range(CALLS)))
            return CALLS / (time.perf_counter() - start)

    calls(1)
    pairs = [(calls(1), calls(8)) for _ in range(ROUNDS)]
    one, eight = (statistics.median(side) for side in zip(*pairs, strict=True))
    ratio = statistics.median(eight / one for one, eight in pairs)
    print(
        f"One `python-native` model, {1e3 / one:.2f} ms a call, profile `inline`: {one:.0f} "
        f"calls/s from one Python thread, {eight:.0f} from eight, {ratio:.2f} times as many."
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
