"""Load a SavedModel, look at its signature, run it on one image, print what it sees.

python digits.py path/to/saved_model
"""

import sys

import numpy as np
from stele_native import Model, SteleError

IMAGE = """
 0  0  5 13 12  3  0  0
 0  2 15 11 12 14  1  0
 0  5 14  1  1 14  6  0
 0  7 12  0  0 10  8  0
 0  7 11  0  0 10  8  0
 0  5 13  0  1 13  6  0
 0  1 14 10 12 14  1  0
 0  0  5 14 12  3  0  0
"""


def main(folder: str) -> None:
    """Print the lines that this example prints in every language."""
    model = Model(folder)
    signature = model.signatures["serving_default"]
    image, probabilities = signature.inputs[0], signature.outputs[0]
    print(f"signature {signature.name}\ninput {image}\noutput {probabilities}")

    pixels = np.array(IMAGE.split(), dtype=np.float32).reshape(1, 8, 8, 1)
    outputs = model.run({image.name: pixels})

    row = outputs[probabilities.name][0]
    print("digit", row.argmax())
    print("probabilities", " ".join(f"{p:.6f}" for p in row))

    try:
        model.run({image.name: pixels[0]})
    except SteleError as error:
        print("refused", error)


if __name__ == "__main__":
    main(sys.argv[1])
