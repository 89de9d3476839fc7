"""The C library inside TensorFlow's wheel: where it is, and as a prefix for compilers."""
