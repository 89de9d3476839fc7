"""Tensors and messages as they travel over gRPC, for the server and its clients."""
