"""Hosts and ports of URLs, whatever else is in them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley_operator.render.addresses import Address, addresses


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("https://api.example.com/v1", [("api.example.com", 443)]),
        ("http://litellm:4000/v1", [("litellm", 4000)]),
        ("http://[fd00::1]:8080/v1", [("fd00::1", 8080)]),
        ("redis://:s3cr@t@cache.data.svc:6380/0\n", [("cache.data.svc", 6380)]),
        ("rediss://cache.example.com", [("cache.example.com", 6379)]),
        (
            "postgresql://u:p@a.example.com,b.example.com:5433/voice",
            [("a.example.com", 5432), ("b.example.com", 5433)],
        ),
        ("postgres://db.Example.com./voice", [("db.example.com", 5432)]),
        ("postgresql:///voice?host=/run/postgresql", []),
        ("mysql://db/voice", []),
        ("http://host:99999/", []),
        ("not a url", []),
        ("http://[fd00::1", []),
    ],
)
def test_o08_a_url_leads_to_hosts_and_ports(url: str, found: list[tuple[str, int]]) -> None:
    assert addresses(url) == tuple(Address(host, port) for host, port in found)


@given(st.text())
def test_o08_whatever_a_secret_holds_is_no_error(text: str) -> None:
    for address in addresses(f"redis://{text}"):
        assert 0 < address.port < 65_536
