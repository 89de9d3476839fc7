"""A program that runs one signature of a model, in the language of a binding."""
