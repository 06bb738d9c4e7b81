"""Why no WebSocket was opened: what people read of it, and what a program may tell apart."""

from __future__ import annotations

import socket

import pytest
from websockets.datastructures import Headers
from websockets.exceptions import InvalidStatus
from websockets.http11 import Response

from parley_client.errors import AbsentError, RefusedError, UnreachableError, UnresolvedError
from parley_client.unreached import refused_handshake, unreached

URL = "wss://voice.example.com/v1/voice"


def answered(status: int, body: bytes = b"no such page\n") -> UnreachableError | RefusedError:
    return refused_handshake(InvalidStatus(Response(status, "", Headers(), body)))


@pytest.mark.parametrize("status", [502, 503, 504])
def test_a_proxy_without_a_gateway_behind_it_is_told_from_a_wrong_path(status: int) -> None:
    said = answered(status)
    assert isinstance(said, AbsentError)
    assert "suspended" in str(said)
    assert "path" not in str(said)


def test_a_path_that_is_not_found_is_unknown_or_has_no_pod() -> None:
    """Traefik answers 404 to both."""
    said = answered(404)
    assert isinstance(said, AbsentError)
    assert [word for word in ("host and path", "/v1/voice", "no pod", "suspended") if word not in str(said)] == []


@pytest.mark.parametrize("status", [200, 403])
def test_what_is_no_gateway_makes_one_look_at_the_path(status: int) -> None:
    said = answered(status)
    assert type(said) is UnreachableError
    assert "path" in str(said)
    assert "suspended" not in str(said)


def test_what_a_gateway_says_itself_is_shown() -> None:
    said = answered(503, b'{"error": "this server is going away"}')
    assert str(said) == "this server is going away (503)"
    assert isinstance(said, RefusedError)


@pytest.mark.parametrize(
    "error",
    [
        ConnectionRefusedError(111, "Connect call failed ('127.0.0.1', 443)"),
        OSError(
            "Multiple exceptions: [Errno 111] Connect call failed ('::1', 443, 0, 0), "
            "[Errno 111] Connect call failed ('127.0.0.1', 443)"
        ),
    ],
)
@pytest.mark.parametrize("address", [None, ("127.0.0.1", 8443)])
def test_a_refused_port_is_named_without_numbers_of_errors(
    error: Exception, address: tuple[str, int] | None
) -> None:
    host, port = address or ("voice.example.com", 443)
    assert str(unreached(URL, error, address)) == f"{URL}: nothing listens at port {port} of {host}"


def test_a_name_without_an_address_is_said() -> None:
    said = unreached(URL, socket.gaierror(-2, "Name or service not known"), None)
    assert isinstance(said, UnresolvedError)
    assert str(said) == f"{URL}: voice.example.com has no address, seen from here"
