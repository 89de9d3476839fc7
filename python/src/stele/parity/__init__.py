"""The parity harness: runs workers, compares their answers, keeps the records."""
