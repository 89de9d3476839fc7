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

# inter_op_parallelism_threads -1, intra_op_parallelism_threads 1: a call uses the
# core of its caller and no other.
ONE_CORE = b"\x28" + b"\xff" * 9 + b"\x01" + b"\x10\x01"
ROUNDS = 9
CALLS = 64
BATCH = 8


def main(build: Path) -> None:
    """Print one line."""
    run = Model(build / "rust" / "models" / "busy", config=ONE_CORE).prepare()
    x = np.ones((BATCH, 512), np.float32)

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
        f"One `python-native` model, {1e3 / one:.1f} ms a call, one core a call: {one:.0f} calls/s "
        f"from one Python thread, {eight:.0f} from eight, {ratio:.2f} times as many."
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
