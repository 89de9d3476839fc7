"""From the command line to what Ray is told. Needs no Ray."""

from __future__ import annotations

import argparse
import os
import socket
import sys
from pathlib import Path

import pytest

from stele import cli
from stele.commands import serve
from stele.server.options import Options
from stele.server.ray import arguments, options, ports
from stele.server.ray.options import RayOptions


def parse(*words: str) -> RayOptions | None:
    parser = argparse.ArgumentParser()
    serve.add_parser(parser.add_subparsers())
    return arguments.parse(parser.parse_args(["serve", *words, "digits=somewhere"]))


def test_without_ray_there_are_no_options():
    assert parse() is None


def test_defaults():
    assert parse("--ray") == RayOptions()


def test_every_option_arrives():
    got = parse(
        "--ray", "--ray-address", "auto", "--host", "10.0.0.1", "--autoscale", "1:4",
        "--target-ongoing", "3.5", "--max-ongoing", "7", "--replica-cpus", "0.5",
        "--health-period", "2", "--health-timeout", "5", "--no-haproxy",
    )  # fmt: skip
    assert got == RayOptions(
        autoscale=(1, 4),
        target_ongoing=3.5,
        max_ongoing=7,
        replica_cpus=0.5,
        health_period=2,
        health_timeout=5,
        haproxy=False,
        address="auto",
    )


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--replicas", "3"], "--replicas needs --ray"),
        (["--no-haproxy"], "--no-haproxy needs --ray"),
        (["--ray-address", "auto"], "--ray-address needs --ray"),
        (["--ray", "--replicas", "0"], "--replicas takes a positive number"),
        (["--ray", "--autoscale", "4:1"], "--autoscale takes MIN:MAX"),
        (["--ray", "--autoscale", "4"], "--autoscale takes MIN:MAX"),
        (["--ray", "--autoscale", "1:4", "--replicas", "2"], "exclude each other"),
        (["--ray", "--target-ongoing", "2"], "--target-ongoing needs --autoscale"),
        (["--ray", "--ray-address", "auto", "--port", "0"], "a cluster needs a --port"),
        (["--ray", "--ray-address", "auto"], "of a cluster need a --host"),
        (["--ray", "--model-control", "explicit"], "--model-control does not go with --ray"),
        (["--ray", "--metrics-port", "0"], "--metrics-port does not go with --ray"),
        (["--ray", "--tls-cert", "a", "--tls-key", "b"], "--tls-cert does not go with --ray"),
    ],
)
def test_what_does_not_fit_is_refused(
    words: list[str], message: str, capsys: pytest.CaptureFixture[str]
):
    with pytest.raises(SystemExit) as caught:
        parse(*words)
    assert caught.value.code == 2
    assert message in capsys.readouterr().err


def test_one_line_says_how_to_install_ray(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setattr(os, "environ", os.environ.copy())
    monkeypatch.setitem(sys.modules, "ray", None)
    assert cli.main(["serve", "--ray", "digits=somewhere"]) == cli.COULD_NOT_RUN
    message = capsys.readouterr().err
    assert message.count("\n") == 1
    assert "pip install 'tf-stele[ray]'" in message


def test_fixed_number_of_replicas():
    settings = options.deployment(Options(workers=4, queue=60), RayOptions(replicas=3))
    assert settings["num_replicas"] == 3
    assert "autoscaling_config" not in settings
    assert settings["max_ongoing_requests"] == settings["max_queued_requests"] == 64
    assert settings["ray_actor_options"] == {"num_cpus": 1.0}


def test_autoscaling_and_health():
    ray = RayOptions(
        autoscale=(1, 5), target_ongoing=2.5, max_ongoing=9, health_period=1, health_timeout=3
    )
    settings = options.deployment(Options(grace=7), ray)
    assert "num_replicas" not in settings
    assert settings["autoscaling_config"] == {
        "min_replicas": 1,
        "max_replicas": 5,
        "target_ongoing_requests": 2.5,
    }
    assert settings["max_ongoing_requests"] == 9
    assert settings["graceful_shutdown_timeout_s"] == 7
    assert (settings["health_check_period_s"], settings["health_check_timeout_s"]) == (1, 3)


def test_ray_of_our_own_counts_with_enough_processors():
    assert RayOptions(replicas=2).processors(present=8) == 8
    assert RayOptions(replicas=3, replica_cpus=1.5).processors(present=2) == 5
    assert RayOptions(autoscale=(1, 6)).processors(present=2) == 6


def test_ports_and_host():
    settings = options.start(Options(host="10.0.0.1"), ports.Ports(1, 2, 3, 4))
    assert settings["grpc_options"]["port"] == 1
    assert settings["http_options"] == {"host": "10.0.0.1", "port": 2}


def test_environment():
    found = options.environment(
        Options(max_message=123), RayOptions(), ports.Ports(1, 2, 3, 4), Path("/private")
    )
    assert found["RAY_SERVE_ENABLE_HA_PROXY"] == "1"
    assert found["RAY_SERVE_GRPC_MAX_MESSAGE_SIZE"] == "123"
    assert "empty-response" in found["RAY_SERVE_HAPROXY_RETRY_ON"]
    assert found["RAY_SERVE_FALLBACK_PROXY_HTTP_PORT"] == "3"
    assert found["RAY_SERVE_FALLBACK_PROXY_GRPC_PORT"] == "4"
    assert found["RAY_SERVE_HAPROXY_SOCKET_PATH"] == "/private/admin.sock"


def test_environment_on_a_cluster_leaves_haproxys_files_where_they_are():
    found = options.environment(
        Options(), RayOptions(haproxy=False, address="auto"), ports.Ports(1, 2, 3, 4), None
    )
    assert found["RAY_SERVE_ENABLE_HA_PROXY"] == "0"
    assert "RAY_SERVE_HAPROXY_SOCKET_PATH" not in found


@pytest.mark.parametrize("grpc", [8500, 9500, 9502])
def test_fixed_ports_differ(grpc: int):
    found = ports.fixed(grpc)
    assert found.grpc == grpc
    assert len({found.grpc, found.http, found.fallback_http, found.fallback_grpc}) == 4


def test_free_ports_are_free():
    found = ports.free(0)
    numbers = [found.grpc, found.http, found.fallback_http, found.fallback_grpc]
    assert len(set(numbers)) == 4
    for number in numbers:
        socket.create_server(("127.0.0.1", number)).close()
    assert ports.free(4321).grpc == 4321
