"""Addresses are what bindings/contract/addresses.tsv says, for all languages."""

from __future__ import annotations

import pytest

from python.tests.remote.fake import refusal
from stele.contract.codes import Code
from stele.remote import Connection
from stele.remote.address import host_and_port, is_loopback, proxy
from tests.tables import rows

COLUMNS = ("address", "tls", "connects_to", "code", "message")


@pytest.mark.parametrize(COLUMNS, rows("addresses.tsv", *COLUMNS))
def test_address(address: str, tls: str, connects_to: str, code: str, message: str) -> None:
    trusts = {"yes": True, "no": False}[tls]
    if code == "OK":
        assert host_and_port(address, tls=trusts) == connects_to
        with Connection(address, tls=trusts) as connection:
            assert connection.address == connects_to
        return
    error = refusal(Connection, address, tls=trusts)
    assert (error.code, error.message) == (Code[code], message.format(address=address))


@pytest.mark.parametrize(
    ("server", "loopback"),
    [
        ("localhost:1", True),
        ("a.localhost:1", True),
        ("127.9.9.9:1", True),
        ("[::1]:1", True),
        ("[::2]:1", False),
        ("10.0.0.1:1", False),
        ("localhost.example:1", False),
    ],
)
def test_loopback(server: str, loopback: bool) -> None:
    assert is_loopback(server) == loopback
    assert proxy(server, {"https_proxy": "http://p:1"}) == ("" if loopback else "https_proxy")
