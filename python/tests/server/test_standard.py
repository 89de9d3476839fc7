"""Health, reflection, TLS, metrics, and the access log, as their official clients see them."""

from __future__ import annotations

import json
import subprocess
import time
from pathlib import Path

import grpc
import numpy as np
import pytest
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message_factory import GetMessageClass
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import (
    ProtoReflectionDescriptorDatabase,
)

from stele.wire import messages as m

from .client import Client, connect
from .conftest import NATIVE, not_started, refused, serving

SERVING = health_pb2.HealthCheckResponse.SERVING
X = {"x": np.ones((1, 2), np.float32)}


def test_health(bench: Client) -> None:
    stub = health_pb2_grpc.HealthStub(bench.channel)
    for service in ("", *m.SERVICES):
        assert stub.Check(health_pb2.HealthCheckRequest(service=service)).status == SERVING
    with refused("NOT_FOUND"):
        stub.Check(health_pb2.HealthCheckRequest(service="nobody"))


def test_who_watches_hears_of_the_end(models: Path) -> None:
    with serving(bench=models / "bench") as client:
        watch = health_pb2_grpc.HealthStub(client.channel).Watch(health_pb2.HealthCheckRequest())
        assert next(watch).status == SERVING
        start = time.monotonic()
        client.process.terminate()
        assert next(watch).status == health_pb2.HealthCheckResponse.NOT_SERVING
        assert list(watch) == []
        # Nobody is waited for who only watches.
        assert time.monotonic() - start < 4


def test_reflection_describes_every_service(bench: Client) -> None:
    database = ProtoReflectionDescriptorDatabase(bench.channel)
    assert set(database.get_services()) == {
        *m.SERVICES,
        "grpc.health.v1.Health",
        "grpc.reflection.v1alpha.ServerReflection",
    }
    # A client that knows nothing but what it was told.
    pool = DescriptorPool(database)
    service = pool.FindServiceByName(m.OPEN_INFERENCE)
    method = service.FindMethodByName("ModelMetadata")
    request, response = GetMessageClass(method.input_type), GetMessageClass(method.output_type)
    call = bench.channel.unary_unary(
        f"/{service.full_name}/{method.name}",
        request_serializer=request.SerializeToString,
        response_deserializer=response.FromString,
    )
    assert call(request(name="bench")).platform == "tensorflow_savedmodel"
    predict = pool.FindServiceByName(m.PREDICTION).FindMethodByName("Predict")
    assert predict.input_type.fields_by_name["inputs"].number == 2
    assert pool.FindServiceByName("grpc.health.v1.Health")


# --- TLS ----------------------------------------------------------------------


def test_tls(models: Path, certificate: tuple[Path, Path]) -> None:
    root = grpc.ssl_channel_credentials(certificate[0].read_bytes())
    options = ("--tls-cert", certificate[0], "--tls-key", certificate[1])
    with (
        serving(*options, bench=models / "bench") as plain,
        Client(grpc.secure_channel(plain.address, root)) as client,
    ):
        assert client.infer("bench", X)["y"].tolist() == [[2, 2]]
        with refused("UNAVAILABLE"):
            plain.infer("bench", X)
        with (
            Client(grpc.secure_channel(plain.address, grpc.ssl_channel_credentials())) as stranger,
            refused("UNAVAILABLE"),
        ):
            stranger.infer("bench", X)


def test_certificates_that_are_none(certificate: tuple[Path, Path], tmp_path: Path) -> None:
    cert, key = certificate
    serve = ("--model-control", "explicit")
    other = tmp_path / "other.pem"
    subprocess.run(["openssl", "genrsa", "-out", other, "2048"], check=True, capture_output=True)
    garbage = tmp_path / "garbage.pem"
    garbage.write_text("not PEM")
    for files in ((garbage, key), (cert, garbage), (cert, other)):
        message = not_started(*serve, "--tls-cert", files[0], "--tls-key", files[1])
        assert "INVALID_ARGUMENT" in message
        assert all(str(file) in message for file in files)
    missing = tmp_path / "missing.pem"
    for files in ((missing, key), (cert, missing)):
        message = not_started(*serve, "--tls-cert", files[0], "--tls-key", files[1])
        assert "NOT_FOUND" in message
        assert str(missing) in message


# --- what it tells ------------------------------------------------------------


def test_metrics(models: Path) -> None:
    with serving("--batch", "8", bench=models / "bench") as client:
        for _ in range(3):
            client.infer("bench", X)
        for name in ("nobody", "somebody"):
            with refused("NOT_FOUND"):
                client.infer(name, X)
        client.predict("bench", X)
        values = client.process.metrics()
    assert values["stele_requests_total", "ModelInfer", "bench", "OK"] == 3
    # Names that clients make up are one.
    assert values["stele_requests_total", "ModelInfer", "", "NOT_FOUND"] == 2
    assert values["stele_requests_total", "Predict", "bench", "OK"] == 1
    assert values["stele_request_seconds_count", "ModelInfer", "bench"] == 3
    assert values["stele_batch_calls_count",] == 4
    assert values["stele_calls_inside",] == 0


def test_metrics_of_a_model_that_was_unloaded(models: Path) -> None:
    with serving("--model-control", "explicit", bench=models / "bench") as client:
        client.load("gone", path=str(models / "scale" / "1"))
        client.infer("gone", X)
        assert "gone" in named(client)
        client.call("RepositoryModelUnload", model_name="gone")
        assert "gone" not in named(client)


def named(client: Client) -> set[str]:
    """The models that metrics tell of."""
    return {sample[2] for sample in client.process.metrics() if len(sample) > 2}


def test_a_name_that_would_forge_a_line_of_the_log(models: Path) -> None:
    with serving("--model-control", "explicit") as client:
        name = "a\n2026-11-29 INFO all is well\x1b[2J"
        client.load(name, path=str(models / "scale" / "1"))
        client.call("RepositoryModelUnload", model_name=name)
        client.process.end_stdin()
        assert client.process.wait() == 0
        log = client.process.log.read_text()
    assert "\x1b" not in log
    assert log.count("all is well") == 2
    assert not [line for line in log.splitlines() if line.startswith("2026-11-29 INFO all")]


def test_access_log(models: Path) -> None:
    with serving("--access-log", bench=models / "bench") as client:
        client.infer("bench", X)
        with refused("NOT_FOUND"):
            client.infer("no\nbody", X)
        with refused("INVALID_ARGUMENT"):
            client.channel.unary_unary("/inference.GRPCInferenceService/ModelInfer")(b"\xff")
        client.metadata("signature_def", name="bench")
        client.process.end_stdin()
        assert client.process.wait() == 0
        log = client.process.log.read_text()
    good, unknown, garbage, metadata = [
        json.loads(line) for line in log.splitlines() if line.startswith("{")
    ]
    assert good.keys() == {
        "time", "peer", "method", "model", "code", "ms", "received", "sent",
    }  # fmt: skip
    assert good["method"] == "/inference.GRPCInferenceService/ModelInfer"
    assert (good["model"], good["code"]) == ("bench", "OK")
    assert good["peer"].startswith("ipv4:127.0.0.1:")
    assert min(good["ms"], good["received"], good["sent"]) > 0
    assert (unknown["model"], unknown["code"]) == ("no\nbody", "NOT_FOUND")
    assert '"bench"' in unknown["message"]
    assert (garbage["model"], garbage["code"]) == ("", "INVALID_ARGUMENT")
    assert (metadata["model"], metadata["code"]) == ("bench", "OK")


@pytest.mark.parametrize("read", [True, False], ids=["closed", "full"])
def test_a_call_does_not_fail_with_its_log(models: Path, *, read: bool) -> None:
    arguments = ["--port", "0", "--json", "--access-log", f"bench={models / 'bench'}"]
    with subprocess.Popen(
        [*NATIVE, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        address = json.loads(process.stdout.readline())["address"]
        if read:
            process.stderr.close()
        with connect(address) as client:
            # More lines than a pipe holds.
            for _ in range(600):
                client.call("ServerLive", timeout=5)
            assert client.infer("bench", X)
        process.terminate()
        assert process.wait(timeout=30) == 0


def test_two_servers_do_not_share_a_port(bench: Client) -> None:
    port = bench.address.rpartition(":")[2]
    message = not_started("--model-control", "explicit", "--port", port)
    assert "UNAVAILABLE" in message
    assert bench.address in message


def test_ipv6(models: Path) -> None:
    with (
        serving("--host", "::1", bench=models / "bench") as client,
        connect(client.address) as own,
    ):
        assert client.address.startswith("[::1]:")
        assert own.infer("bench", X)
