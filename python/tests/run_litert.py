"""Runs a LiteRT model by TensorFlow's own interpreter, in a process of its own.

python run_litert.py MODEL.tflite SIGNATURE IN.npz OUT.npz
"""

from __future__ import annotations

import sys

import numpy as np
import tensorflow as tf


def run(model, signature, inputs, outputs):
    runner = tf.lite.Interpreter(model_path=model).get_signature_runner(signature)
    with np.load(inputs) as arrays:
        np.savez(outputs, **runner(**{name: arrays[name] for name in arrays.files}))


if __name__ == "__main__":
    run(*sys.argv[1:])
