"""Conversion of SavedModels for runtimes that are not TensorFlow, such as browsers.

The converters are other people's: tf2onnx, tensorflowjs, TensorFlow's own for
LiteRT. What is done here: one way to call them, every signature with its names, an
error that names the ops when one cannot be converted, and a manifest that says
what came out.
"""
