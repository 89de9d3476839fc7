"""The commands: a file for each ``stele X``, with its options and what it prints."""
