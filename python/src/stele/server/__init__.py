"""The server behind ``stele serve``: SavedModels over gRPC, without importing TensorFlow.

A service (`oip_service`, `tfserving_service`) has a method for each RPC: it takes a
request message and a `call.Call`, returns the response message or raises
`SteleError`, and knows nothing of how it is carried. `transport` makes of it a function
from bytes to bytes; `app` gives these to grpcio, and anything else may take them too.
"""
