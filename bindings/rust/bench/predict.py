"""`model.predict` of Keras and `stele_native`, call by call, in one process.

python predict.py BUILD
"""

import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

import keras
import numpy as np
from stele_native import Model

ROUNDS = 30
CALLS = 20  # of stele_native for each of Keras


def seconds(call: Callable[[], object]) -> float:
    """Return how long a call takes."""
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def main(build: Path) -> None:
    """Print one line."""
    folder = build / "models" / "digits"
    image = np.zeros((1, 8, 8, 1), np.float32)
    ours = Model(folder / "saved_model")
    theirs = keras.saving.load_model(folder / "model.keras")
    for _ in range(5):
        theirs.predict(image, verbose=0)
        ours(image=image)
    predict, native = [], []
    for _ in range(ROUNDS):
        predict.append(seconds(lambda: theirs.predict(image, verbose=0)))
        native += [seconds(lambda: ours(image=image)) for _ in range(CALLS)]
    slow, fast = statistics.median(predict), statistics.median(native)
    print(
        f"`model.predict` of Keras beside it, default profile: {slow * 1e3:.1f} ms, "
        f"{slow / fast:.0f} times `python-native`'s {fast * 1e6:.0f} µs."
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
