"""O12: `parley doctor --keys`, of what is no key: addresses of servers, and what nobody can be asked about."""

from __future__ import annotations

import base64
import socket
import sys
from typing import Any

import pytest

import parley_cli.checks
from parley_cli.checks.credentials import untried
from parley_cli.checks.stores import KINDS, stores, stores_tried
from parley_cli.checks.verdict import Grade, Verdict
from tests.unit.operator.examples import resource, secret

PASSWORD = "pa55-0123456789abcdef"
MODULES = {"Redis": ("redis_probe", "redis.asyncio"), "PostgreSQL": ("postgres_probe", "psycopg")}
SCHEMES = {"Redis": "redis", "PostgreSQL": "postgresql"}


def body(kind: str) -> dict[str, Any]:
    """A resource with such a server."""
    about = KINDS[kind]
    return resource(**{about.block: {about.name: {"url": secret("stores", "url")}}})


async def verdict(kind: str, url: str) -> Verdict:
    content = base64.b64encode(url.encode()).decode()
    [said] = await stores_tried(stores([body(kind)]), {"stores": {"url": content}})
    assert PASSWORD not in f"{said}"
    assert f"receptionist spec.{KINDS[kind].block}.{KINDS[kind].name}.url" in said.message
    return said


@pytest.mark.parametrize("kind", KINDS)
async def test_o12_without_its_client_it_is_said_what_to_install(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    module, client = MODULES[kind]
    monkeypatch.delitem(sys.modules, f"parley_cli.checks.{module}", raising=False)
    monkeypatch.delattr(parley_cli.checks, module, raising=False)
    monkeypatch.setitem(sys.modules, client, None)
    said = await verdict(kind, f"{SCHEMES[kind]}://voice:{PASSWORD}@data.example.com/0")
    assert (said.grade, said.mend) == (Grade.WARNING, f"pip install 'parley-voice[{KINDS[kind].extra}]'")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("host", ["data", "data.voice.svc", "data.voice.svc.cluster.local:1234"])
async def test_o12_a_name_of_the_clusters_own_gets_no_password_from_here(kind: str, host: str) -> None:
    said = await verdict(kind, f"{SCHEMES[kind]}://voice:{PASSWORD}@{host}/0")
    assert (said.grade, "is a name of the cluster's own" in said.message) == (Grade.WARNING, True)


@pytest.mark.parametrize("kind", KINDS)
async def test_o12_where_nobody_listens_is_a_warning_since_pods_may_reach_it(kind: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        said = await verdict(kind, f"{SCHEMES[kind]}://voice:{PASSWORD}@127.0.0.1:{port}/0")
    assert (said.grade, "is not reached from here: no connection" in said.message) == (Grade.WARNING, True)
    assert "from inside the cluster alone" in said.mend


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("url", ["", f"http://voice:{PASSWORD}@a.example.com", f"://{PASSWORD}", PASSWORD])
async def test_o12_what_is_no_address_is_named_and_not_shown(kind: str, url: str) -> None:
    said = await verdict(kind, url)
    assert (said.grade, f"holds no address of {kind}" in said.message) == (Grade.FAILING, True)
    assert said.mend == f"put {KINDS[kind].form} there"


def test_o12_an_address_that_several_resources_name_is_tried_once() -> None:
    other = body("Redis")
    other["metadata"] = {"name": "concierge"}
    [where] = stores([body("Redis"), other]).values()
    assert where == ["receptionist spec.sessions.redis.url", "concierge spec.sessions.redis.url"]


def test_o12_twilios_token_is_said_to_be_untried() -> None:
    twilio = {"name": "Twilio", "twilio": {"authToken": secret("phone", "token")}}
    phoned = resource(endpoint={"protocols": [{"name": "Native"}, twilio]})
    [said] = untried([resource(), phoned])
    assert (said.subject, said.grade) == ("Key token of Secret phone", Grade.WARNING)
    assert "spec.endpoint.protocols[1].twilio.authToken" in said.message
