"""Models on a server, with the surface of models in this process.

    from stele.remote import Model

    with Model.connect("127.0.0.1:8500", "digits") as model:
        outputs = model(image=images)  # numpy arrays in, a dict of numpy arrays out

The server is ``stele serve``, or any other that speaks the Open Inference
Protocol over gRPC: Triton, MLServer, KServe. Errors are `SteleError` with
the codes and messages of a model in this process. Neither TensorFlow nor
stele_native is imported.
"""

from stele.contract.codes import Code, SteleError
from stele.remote.connection import Connection
from stele.remote.model import Model, Runner

__all__ = ["Code", "Connection", "Model", "Runner", "SteleError"]
