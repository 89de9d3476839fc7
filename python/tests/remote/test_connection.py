"""Retries, deadlines, limits and TLS, against servers that misbehave on purpose."""

from __future__ import annotations

import re
import shutil
import signal
import socket
import subprocess
import threading
import time

import grpc
import numpy as np
import pytest

from python.tests.remote.fake import doubler, doubler_metadata, failing, refusal, serving
from stele.contract.codes import Code
from stele.remote import Connection, Model

X = np.arange(3, dtype=np.float32)


@pytest.fixture
def nobody() -> str:
    """An address where nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{taken.getsockname()[1]}"


def unavailable(times: int):
    return serving(
        ModelMetadata=doubler_metadata,
        ModelInfer=failing(times, grpc.StatusCode.UNAVAILABLE, doubler),
    )


def test_a_call_is_sent_again_while_the_server_is_unavailable() -> None:
    with unavailable(3) as fake, Model.connect(fake.address, "any") as model:
        assert model(x=X)["y"].tolist() == [0, 2, 4]
        assert len(fake.requests["ModelInfer"]) == 4


def test_a_large_call_is_sent_again_too() -> None:
    # gRPC's own buffer for retries ends at 256 KiB.
    large = np.ones(2**20, np.float32)
    with unavailable(1) as fake, Model.connect(fake.address, "any") as model:
        assert model(x=large)["y"].sum() == 2**21


def test_retries_end() -> None:
    with unavailable(9) as fake:
        with Model.connect(fake.address, "any") as model:
            error = refusal(model, x=X)
            assert error.code == Code.UNAVAILABLE
            assert error.message == f"no answer from {fake.address}: not now"
            assert len(fake.requests["ModelInfer"]) == 5
        with Model.connect(fake.address, "any", retries=0) as model:
            assert refusal(model, x=X).code == Code.UNAVAILABLE
            assert len(fake.requests["ModelInfer"]) == 6


def test_other_errors_are_not_sent_again() -> None:
    aborted = failing(1, grpc.StatusCode.ABORTED, doubler)
    with (
        serving(ModelMetadata=doubler_metadata, ModelInfer=aborted) as fake,
        Model.connect(fake.address, "any") as model,
    ):
        error = refusal(model, x=X)
        assert (error.code, error.message) == (Code.ABORTED, "not now")
        assert len(fake.requests["ModelInfer"]) == 1


def test_nobody_listens(nobody: str) -> None:
    error = refusal(Model.connect, nobody, "any")
    assert error.code == Code.UNAVAILABLE
    assert error.message.startswith(f"no answer from {nobody}: ")


@pytest.mark.parametrize("per_call", [True, False])
def test_deadline(per_call: bool) -> None:
    stop = threading.Event()

    def slow(request, context):
        stop.wait(20)
        return doubler(request, context)

    with serving(ModelMetadata=doubler_metadata, ModelInfer=slow) as fake:
        options = {} if per_call else {"deadline": 0.2}
        with Model.connect(fake.address, "any", **options) as model:
            start = time.monotonic()
            error = refusal(model.run, {"x": X}, deadline=0.2 if per_call else None)
            assert time.monotonic() - start < 10
            assert error.code == Code.DEADLINE_EXCEEDED
            assert error.message == f"no answer from {fake.address} within 0.2 s"
        stop.set()


def test_ctrl_c_ends_a_call_under_way() -> None:
    stop = threading.Event()

    def slow(request, context):
        stop.wait(60)
        return doubler(request, context)

    # Where pytest runs in a shell's background, SIGINT is ignored.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with (
            serving(ModelMetadata=doubler_metadata, ModelInfer=slow) as fake,
            Model.connect(fake.address, "any") as model,
        ):
            start = time.monotonic()
            threading.Timer(0.5, signal.raise_signal, [signal.SIGINT]).start()
            with pytest.raises(KeyboardInterrupt):
                model(x=X)
            assert time.monotonic() - start < 30
            stop.set()
    finally:
        signal.signal(signal.SIGINT, before)


def test_messages_have_the_limit_that_is_asked_for() -> None:
    large = np.ones(2**20, np.float32)
    with serving(ModelMetadata=doubler_metadata, ModelInfer=doubler) as fake:
        # Beyond what gRPC takes by default, 4 MiB.
        with Model.connect(fake.address, "any") as model:
            assert model(x=np.ones(2**21, np.float32))["y"].nbytes == 2**23
        with Model.connect(fake.address, "any", max_message=2**20) as model:
            assert model(x=X)["y"].tolist() == [0, 2, 4]
            error = refusal(model, x=large)
            assert error.code == Code.RESOURCE_EXHAUSTED
            size = re.fullmatch(
                r"a request of (\d+) bytes is beyond the limit of 1048576", error.message
            )
            assert size is not None
            assert int(size[1]) > large.nbytes


def test_answer_beyond_the_limit_says_both_sizes() -> None:
    def twice(request, context):
        response = doubler(request, context)
        response.raw_output_contents[0] *= 2
        return response

    with (
        serving(ModelMetadata=doubler_metadata, ModelInfer=twice) as fake,
        Model.connect(fake.address, "any", max_message=2**20) as model,
    ):
        error = refusal(model, x=np.ones(2**17, np.float32))
        assert error.code == Code.RESOURCE_EXHAUSTED
        assert re.fullmatch(r"an answer of \d+ bytes is beyond the limit of 1048576", error.message)


def test_server_that_takes_less_says_both_sizes() -> None:
    with (
        serving(limit=2**20, ModelMetadata=doubler_metadata, ModelInfer=doubler) as fake,
        Model.connect(fake.address, "any") as model,
    ):
        error = refusal(model, x=np.ones(2**20, np.float32))
        assert error.code == Code.RESOURCE_EXHAUSTED
        assert re.fullmatch(
            r"a request of \d+ bytes is beyond the server's limit of 1048576", error.message
        )


def test_no_proxy_stands_before_loopback(monkeypatch, nobody) -> None:
    for variable in ("no_proxy", "no_grpc_proxy", "grpc_proxy", "https_proxy"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("http_proxy", f"http://{nobody}")
    with serving(ModelMetadata=doubler_metadata, ModelInfer=doubler) as fake:
        for address in (fake.address, fake.address.replace("127.0.0.1", "localhost")):
            with Model.connect(address, "any", retries=0) as model:
                assert model(x=X)["y"].tolist() == [0, 2, 4]


def test_proxy_is_named_where_nobody_answers_through_it(monkeypatch, nobody) -> None:
    for variable in ("no_proxy", "no_grpc_proxy", "grpc_proxy", "https_proxy"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("http_proxy", f"http://user:secret@{nobody}")
    error = refusal(Model.connect, "models.invalid:8500", "any", retries=0)
    assert error.code == Code.UNAVAILABLE
    assert error.message.startswith(
        "no answer from models.invalid:8500 through the proxy of http_proxy: "
    )
    assert "secret" not in error.message


@pytest.mark.parametrize("options", [{"retries": 5}, {"retries": -1}, {"max_message": 0}])
def test_options_that_cannot_be(options) -> None:
    error = refusal(Connection, "127.0.0.1:1", **options)
    assert error.code == Code.INVALID_ARGUMENT
    assert next(iter(options)) in error.message


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl makes the certificate")
def test_tls(tmp_path) -> None:
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
         "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1",
         "-keyout", key, "-out", certificate],
        check=True, capture_output=True,
    )  # fmt: skip
    credentials = grpc.ssl_server_credentials([(key.read_bytes(), certificate.read_bytes())])
    with serving(credentials, ModelMetadata=doubler_metadata, ModelInfer=doubler) as fake:
        for tls in (certificate, str(certificate), certificate.read_bytes()):
            with Model.connect(fake.address, "any", tls=tls) as model:
                assert model(x=X)["y"].tolist() == [0, 2, 4]
        # Not an authority that anybody knows; and no TLS at all.
        for options in ({"tls": True}, {"tls": False}):
            error = refusal(Model.connect, fake.address, "any", retries=0, **options)
            assert error.code == Code.UNAVAILABLE
    missing = tmp_path / "missing.pem"
    error = refusal(Connection, "127.0.0.1:1", tls=missing)
    assert error.code == Code.NOT_FOUND
    assert str(missing) in error.message
