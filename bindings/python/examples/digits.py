"""Load a SavedModel, look at its signature, run it, print. The same in every language.

python examples/digits.py build/models/digits/saved_model
"""

import sys
from pathlib import Path

import numpy as np
import tensorflow as tf

from stele.contract.codes import SteleError
from stele.contract.signature import check_inputs
from stele.savedmodel import format_shape, load_signatures

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

folder = sys.argv[1]
signature = load_signatures(Path(folder))["serving_default"]
image, output = signature.inputs[0], signature.outputs[0]
print("signature", signature.name)
print("input", image.name, image.dtype, format_shape(image.shape))
print("output", output.name, output.dtype, format_shape(output.shape))

run = tf.saved_model.load(folder).signatures[signature.name]
pixels = np.array(IMAGE.split(), dtype=np.float32).reshape(1, 8, 8, 1)
probabilities = run(**{image.name: tf.constant(pixels)})[output.name].numpy()[0]
print("digit", probabilities.argmax())
print("probabilities", *(f"{value:.6f}" for value in probabilities))

try:  # one image without its batch: what TensorFlow would do with it depends on the model
    check_inputs(signature, [(image.name, pixels[0])])
except SteleError as error:
    print("refused", error)
