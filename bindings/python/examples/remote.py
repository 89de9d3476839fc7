"""Look at a model on a server, run it, print: what the digits example prints.

stele serve digits=build/models/digits/saved_model
python examples/remote.py 127.0.0.1:8500 digits
"""

import sys

import numpy as np

from stele.remote import Model, SteleError
from stele.savedmodel import format_shape

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

address, name = sys.argv[1:]
with Model.connect(address, name, deadline=10) as model:
    signature = model.signatures["serving_default"]
    image, output = signature.inputs[0], signature.outputs[0]
    print("signature", signature.name)
    print("input", image.name, image.dtype, format_shape(image.shape))
    print("output", output.name, output.dtype, format_shape(output.shape))

    pixels = np.array(IMAGE.split(), dtype=np.float32).reshape(1, 8, 8, 1)
    probabilities = model.run({image.name: pixels})[output.name][0]
    print("digit", probabilities.argmax())
    print("probabilities", *(f"{value:.6f}" for value in probabilities))

    try:
        model.run({image.name: pixels[0]})
    except SteleError as error:
        print("refused", error)
