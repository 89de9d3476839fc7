"""A Keras model in a file: what it is, how it is exported, how it is called in memory."""
