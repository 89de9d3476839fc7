"""One TensorFlow SavedModel, every language, the same answer.

Importing this package imports nothing else: `stele.commands.doctor` must run before
anything is installed.
"""
