"""The gRPC channel: retries, message limits, TLS, proxies."""

from __future__ import annotations

import json
from os import PathLike
from pathlib import Path
from typing import Any

import grpc

from stele.contract.codes import Code, SteleError, from_os_error
from stele.remote.address import is_loopback

# gRPC's own bound on the attempts of one call.
MOST_RETRIES = 4

# gRPC gives up on retries of a call whose messages are larger than its buffer,
# by default 256 KiB: a batch of images would never be tried again.
_RETRY_BUFFER = 2**31 - 1

_UNLIMITED = -1

RootCertificates = bytes | str | PathLike[str] | bool


def open_channel(
    server: str,
    *,
    retries: int = MOST_RETRIES,
    tls: RootCertificates = False,
    max_message: int | None = None,
) -> grpc.Channel:
    """Open a channel; nothing is sent yet.

    Args:
        server: ``host:port``.
        retries: How often a call that finds the server UNAVAILABLE is sent again.
        tls: Root certificates in PEM, or the file that has them; True for the
            authorities that gRPC knows; False for no TLS.
        max_message: Bytes of a message in either direction; None for no limit.

    Raises:
        SteleError: INVALID_ARGUMENT for an option; the file's own code.
    """
    if not 0 <= retries <= MOST_RETRIES:
        raise SteleError(Code.INVALID_ARGUMENT, f"retries is {retries}, expected 0 to 4")
    if max_message is not None and max_message < 1:
        raise SteleError(Code.INVALID_ARGUMENT, f"max_message is {max_message}, expected bytes")
    limit = _UNLIMITED if max_message is None else max_message
    options: list[tuple[str, Any]] = [
        ("grpc.max_send_message_length", limit),
        ("grpc.max_receive_message_length", limit),
        # A proxy that the environment names has a loopback of its own.
        ("grpc.enable_http_proxy", int(not is_loopback(server))),
        ("grpc.enable_retries", int(retries > 0)),
        ("grpc.per_rpc_retry_buffer_size", _RETRY_BUFFER),
    ]
    if retries:
        options.append(("grpc.service_config", service_config(retries)))
    # A host such as "unix" would be a scheme otherwise.
    target = f"dns:{server}"
    if tls is False:
        return grpc.insecure_channel(target, options)
    credentials = grpc.ssl_channel_credentials(_root_certificates(tls))
    return grpc.secure_channel(target, credentials, options)


def service_config(retries: int) -> str:
    """Return gRPC's service config, in JSON: calls may be sent again if UNAVAILABLE.

    Safe for every method here: a prediction changes nothing on the server, and
    a load done twice is a load.
    """
    policy = {
        "maxAttempts": retries + 1,
        "initialBackoff": "0.1s",
        "maxBackoff": "1s",
        "backoffMultiplier": 2,
        "retryableStatusCodes": ["UNAVAILABLE"],
    }
    return json.dumps({"methodConfig": [{"name": [{}], "retryPolicy": policy}]})


def _root_certificates(tls: RootCertificates) -> bytes | None:
    """Return what gRPC takes; None for the authorities that it knows."""
    if isinstance(tls, bool):
        return None
    if isinstance(tls, bytes):
        return tls
    try:
        return Path(tls).read_bytes()
    except OSError as error:
        raise from_os_error(error) from error
