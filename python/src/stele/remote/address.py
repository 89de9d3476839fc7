"""Where a server is: what ``bindings/contract/addresses.tsv`` says for all languages."""

from __future__ import annotations

import ipaddress
import os
import re
from collections.abc import Mapping

from stele.contract.codes import Code, SteleError

_ADDRESS = re.compile(
    r"(?:(?P<scheme>https?)://)?(?P<server>(?:\[(?P<ip>[^\]]*)\]|[a-z0-9._-]+)"
    r":(?P<port>[1-9][0-9]{0,4}))/?",
    re.IGNORECASE,
)
_LAST_PORT = 65535

# What gRPC takes a proxy from, the first that is set, and the exceptions.
_PROXIES = ("grpc_proxy", "https_proxy", "http_proxy")


def host_and_port(address: str, *, tls: bool) -> str:
    """Return ``host:port`` of an address, which may be a URL of http or https.

    Args:
        address: What the caller gave.
        tls: Whether the caller trusts certificates.

    Raises:
        SteleError: INVALID_ARGUMENT for what is no address, or whose scheme says otherwise
            than ``tls``.
    """
    found = _ADDRESS.fullmatch(address)
    if found is None or int(found["port"]) > _LAST_PORT or not _is_ip(found["ip"]):
        raise _refused(address, "is not host:port")
    speaks_tls = found["scheme"].lower() == "https" if found["scheme"] else tls
    if speaks_tls and not tls:
        raise _refused(address, "is of a server that speaks TLS, which takes root certificates")
    if tls and not speaks_tls:
        raise _refused(address, "is of a server without TLS, which takes no certificates")
    return found["server"]


def _is_ip(brackets: str | None) -> bool:
    """Tell whether what stands in brackets is an IPv6 address; a zone is one machine's matter."""
    if brackets is None:
        return True
    try:
        return ipaddress.IPv6Address(brackets).scope_id is None
    except ValueError:
        return False


def _refused(address: str, why: str) -> SteleError:
    return SteleError(Code.INVALID_ARGUMENT, f'address "{address}" {why}')


def is_loopback(server: str) -> bool:
    """Tell whether ``host:port`` is this machine itself, which no proxy reaches."""
    host = server.rpartition(":")[0].strip("[]")
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost" or host.lower().endswith(".localhost")


def proxy(server: str, environment: Mapping[str, str] = os.environ) -> str:
    """Return the variable that names the proxy to a server; empty when there is none."""
    if is_loopback(server):
        return ""
    return next((name for name in _PROXIES if environment.get(name)), "")
