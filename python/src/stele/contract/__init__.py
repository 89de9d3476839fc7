"""What every binding is held to, in Python: bundles, dtypes, codes, checks, the worker."""
