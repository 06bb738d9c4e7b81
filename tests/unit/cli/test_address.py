"""O12: what `parley doctor` says of names that DNS does not know: why they are not tried."""

from __future__ import annotations

import pytest

from parley_cli.checks.address import address
from parley_cli.checks.certificate import Held
from parley_cli.checks.verdict import Grade


@pytest.mark.parametrize(
    ("host", "why"), [("voice.localhost", "--connect"), ("receptionist.voice.svc", "from a pod")]
)
async def test_o12_a_name_of_the_machines_or_the_clusters_own_is_said_once(host: str, why: str) -> None:
    urls = (f"wss://{host}/v1/voice", f"wss://{host}/v1/twilio", f"ws://{host}:8080/v1/voice")
    [said] = await address({"status": {"endpoints": [{"url": url} for url in urls]}}, Held())
    assert (said.subject, said.grade) == (host, Grade.WARNING)
    assert "not tried" in said.message
    assert why in said.mend


async def test_o12_without_an_endpoint_there_is_nothing_to_say() -> None:
    assert await address({}, Held()) == []


async def test_o12_a_name_without_an_address_is_told_with_the_command_that_knows_one() -> None:
    body = {
        "metadata": {"namespace": "voice"},
        "status": {"endpoints": [{"url": "wss://receptionist.invalid/v1/voice"}]},
    }
    [said] = await address(body, Held())
    assert said.grade is Grade.FAILING
    assert "kubectl -n voice get ingress" in said.mend
