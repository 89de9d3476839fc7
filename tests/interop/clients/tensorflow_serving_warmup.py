"""Writes requests with which a server warms digits up, as TensorFlow Serving reads them.

python tensorflow_serving_warmup.py FILE COUNT
"""

from __future__ import annotations

import os
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import tensorflow as tf
from tensorflow_serving.apis import predict_pb2, prediction_log_pb2


def main(file: str, count: str) -> None:
    """Write so many requests."""
    request = predict_pb2.PredictRequest()
    request.inputs["image"].CopyFrom(tf.make_tensor_proto(tf.zeros([1, 8, 8, 1])))
    log = prediction_log_pb2.PredictLog(request=request)
    record = prediction_log_pb2.PredictionLog(predict_log=log).SerializeToString()
    with tf.io.TFRecordWriter(file) as writer:
        for _ in range(int(count)):
            writer.write(record)


if __name__ == "__main__":
    main(*sys.argv[1:])
