"""TLS: the server's certificate and key."""

from __future__ import annotations

import ssl
from pathlib import Path

import grpc

from stele.contract.codes import Code, SteleError, from_os_error


def credentials(certificate: Path, key: Path) -> grpc.ServerCredentials:
    """Return a server's credentials from two PEM files.

    Raises:
        SteleError: A file cannot be read; INVALID_ARGUMENT when they are no PEM, or
            not of each other.
    """
    try:
        # grpcio would only say that it cannot listen.
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key, _no_password)
        chain, private = certificate.read_bytes(), key.read_bytes()
    except ssl.SSLError as error:
        message = f'"{certificate}" and "{key}" are no certificate with its key: {error.reason}'
        raise SteleError(Code.INVALID_ARGUMENT, message) from error
    except OSError as error:
        raise _unreadable(error, certificate, key) from error
    return grpc.ssl_server_credentials([(private, chain)])


def _no_password() -> str:
    """Answer for an encrypted key, of which OpenSSL would ask the terminal."""
    return ""


def _unreadable(error: OSError, *files: Path) -> SteleError:
    # load_cert_chain does not say which of its files it could not read.
    if error.filename is None:
        error.filename = next((str(file) for file in files if not file.is_file()), str(files[-1]))
    return from_os_error(error)
