"""Whose pages may connect."""

from __future__ import annotations

import pytest

from parley_gateway.access.origins import AllowedOrigins
from parley_gateway.protocols.admission import RefusedError

ALLOWED = AllowedOrigins(
    ["https://example.com", "https://*.example.org", "https://preview-*.example.net:8443", "http://localhost:3000"]
)


@pytest.mark.parametrize(
    "origin",
    [
        None,
        "https://example.com",
        "https://EXAMPLE.com",
        "https://a.example.org",
        "https://preview-12.example.net:8443",
        "http://localhost:3000",
    ],
)
def test_g08_pages_of_these_may(origin: str | None) -> None:
    ALLOWED.check(origin)


@pytest.mark.parametrize(
    "origin",
    [
        "",
        "null",
        "http://example.com",
        "https://example.com:8443",
        "https://example.com.evil.com",
        "https://evil-example.com",
        "https://example.org",
        "https://a.b.example.org",
        "https://.example.org",
        "https://a/.example.org",
        "https://preview-.example.net:8443",
        "https://preview-1.example.net",
        "https://example.com/",
        "https://example.com\n",
    ],
)
def test_g08_pages_of_these_may_not(origin: str) -> None:
    with pytest.raises(RefusedError) as refused:
        ALLOWED.check(origin)
    assert refused.value.close_code == 4403


def test_without_a_list_all_may() -> None:
    AllowedOrigins([]).check("https://anywhere.example")


def test_a_port_that_browsers_leave_out_may_be_said() -> None:
    AllowedOrigins(["https://example.com:443"]).check("https://example.com")


@pytest.mark.parametrize(
    "pattern",
    [
        "example.com",
        "https://",
        "https://*",
        "https://a.*.com",
        "https://a.com/x",
        "https://u@a.com",
        "*",
        "http://a:b",
    ],
)
def test_what_is_no_origin_is_refused_at_the_start(pattern: str) -> None:
    with pytest.raises(ValueError, match="allowed origin"):
        AllowedOrigins([pattern])
