"""Runs Keras files under one backend; needs Keras, that backend, and nothing of stele.

    KERAS_BACKEND=jax python predict.py INPUTS.npz OUT.npz MODEL.keras [--device gpu]

INPUTS.npz has the model's inputs by name; OUT.npz gets its outputs by name, and what ran
as ``backend``, ``version`` and ``device``. Several machines' answers can thus be compared:
none of them needs TensorFlow, unless it is the backend.
"""

from __future__ import annotations

import argparse
import os
from importlib import metadata
from pathlib import Path


def main() -> int:
    """Predict, and write the outputs."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("inputs", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("model", type=Path)
    parser.add_argument("--device", choices=("cpu", "gpu"), default="cpu")
    parser.add_argument(
        "--precision", choices=("default", "highest"), default="default",
        help="of products of FP32 matrices: TF32 is not allowed with highest",
    )  # fmt: skip
    args = parser.parse_args()
    _choose_device(args.device)

    import keras
    import numpy as np

    backend = keras.config.backend()
    device = _settle(backend, args.device, highest=args.precision == "highest")
    model = keras.saving.load_model(args.model, compile=False)
    with np.load(args.inputs) as inputs:
        outputs = model.predict_on_batch(dict(inputs))
    version = _tensorflow() if backend == "tensorflow" else metadata.version(backend)
    np.savez(args.out, **outputs, __ran__=np.array([backend, version, device]))
    return 0


def _choose_device(device: str) -> None:
    """Hide the GPUs from whoever is to use the CPU; before any library looks for them."""
    if device == "cpu":
        os.environ["CUDA_VISIBLE_DEVICES"] = ""
        os.environ["JAX_PLATFORMS"] = "cpu"


def _settle(backend: str, device: str, *, highest: bool) -> str:
    """Set the precision; return what the device is called.

    Raises:
        SystemExit: There is no such device.
    """
    if backend == "jax":
        import jax

        if highest:
            jax.config.update("jax_default_matmul_precision", "highest")
        found = jax.devices()[0]
        name, is_gpu = found.device_kind, found.platform != "cpu"
    elif backend == "torch":
        import torch

        if highest:
            torch.set_float32_matmul_precision("highest")
            torch.backends.cudnn.allow_tf32 = False
        is_gpu = torch.cuda.is_available()
        name = torch.cuda.get_device_name() if is_gpu else "cpu"
    else:
        import tensorflow as tf

        tf.config.experimental.enable_tensor_float_32_execution(not highest)
        gpus = tf.config.list_physical_devices("GPU")
        is_gpu = bool(gpus)
        details = tf.config.experimental.get_device_details(gpus[0]) if gpus else {}
        name = details.get("device_name", "cpu")
    if device == "gpu" and not is_gpu:
        raise SystemExit(f"{backend} finds no GPU here")
    return str(name)


def _tensorflow() -> str:
    import tensorflow as tf

    return str(tf.__version__)


if __name__ == "__main__":
    raise SystemExit(main())
