"""`parley talk` without a session: each trouble names the option or the command that mends it."""

from __future__ import annotations

import pytest

from parley_cli.no_session import advised
from parley_client import AbsentError, RefusedError, UnreachableError, UnresolvedError, UntrustedError
from parley_client.target import Target
from parley_contract.codes import CloseCode

URL = "wss://voice.example.com/v1/voice"
UNKNOWN = RefusedError(CloseCode.UNAUTHENTICATED, "the token is not one that this server knows")


@pytest.mark.parametrize(
    ("error", "token", "named"),
    [
        (RefusedError(CloseCode.UNAUTHENTICATED, "send it as a subprotocol"), None, ["--token-file", "4401"]),
        (UNKNOWN, "wrong", [str(UNKNOWN), "--token-file"]),
        (UntrustedError("not trusted"), None, ["not trusted", "--ca-file"]),
        (UnresolvedError("no address"), None, ["no address", "--connect HOST:PORT"]),
        (AbsentError("HTTP 503"), None, ["HTTP 503", "parley status NAME", "parley resume NAME"]),
    ],
)
def test_what_mends_it_is_named(
    error: UnreachableError | RefusedError, token: str | None, named: list[str]
) -> None:
    said = advised(error, Target(URL, token))
    assert [word for word in named if word not in said] == []
    assert "subprotocol" not in said


def test_what_no_option_mends_is_said_as_it_is() -> None:
    draining = RefusedError(503, "this server is going away; connect again")
    assert advised(draining, Target(URL, None)) == str(draining)


def test_where_to_connect_is_not_asked_of_who_has_said_it() -> None:
    elsewhere = UnresolvedError("ingress.invalid has no address")
    assert advised(elsewhere, Target(URL, None, address=("ingress.invalid", 443))) == str(elsewhere)
