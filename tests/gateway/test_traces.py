"""Traces over OTLP: a session's, with what each turn waited for, and never a word (G14)."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from opentelemetry.proto.trace.v1.trace_pb2 import Status

from parley_gateway.configuration import ConfigurationError
from parley_gateway.gateway import Gateway
from tests.emulators.anthropic_messages import AnthropicScript
from tests.emulators.emulators import Emulators
from tests.emulators.faults import Fault
from tests.emulators.recogniser import DeepgramScript
from tests.gateway.calling import QUESTION, calling
from tests.gateway.collector import Collector, attributes, collector
from tests.gateway.running import Site, served


@pytest_asyncio.fixture
async def receiver() -> AsyncIterator[Collector]:
    async with collector() as receiver:
        yield receiver


def traced(site: Site, url: str, **more: Any) -> Site:
    (site.folder / "collector-key").write_text("collector-secret\n")
    headers = {"x-api-key": str(site.folder / "collector-key")}
    site.settings["observability"] = {"traces": {"endpoint": url, "header_files": headers, **more}}
    return site


async def test_g14_a_spoken_turn_shows_who_was_waited_for_and_no_word_of_it(
    site: Site, emulators: Emulators, receiver: Collector
) -> None:
    emulators.deepgram.set_script(DeepgramScript(transcripts=["Hippopotamus?"]))
    emulators.anthropic.set_script(AnthropicScript(replies=["Rhinoceros."]))
    async with (
        served(traced(site, receiver.url).config()) as gateway,
        calling(gateway) as (connection, conversation),
    ):
        assert (await conversation.say(QUESTION)).status == "completed"
        session = connection.started.session
    (whole,), (turn,) = receiver.named("session"), receiver.named("turn")
    parts = receiver.within(turn)
    assert list(receiver.within(whole)) == ["turn"]
    assert set(parts) == {"stt", "llm", "tts", "playout"}
    assert {span.trace_id for span in receiver.spans} == {whole.trace_id}
    assert attributes(whole) | {"parley.session": session, "parley.tenant": "token"} == attributes(whole)
    assert attributes(turn)["parley.status"] == "completed"
    assert attributes(parts["llm"])["parley.model"] == "claude-haiku-4-5"
    assert float(str(attributes(parts["llm"])["parley.usage.output_tokens"])) > 0
    begins = [parts[name].start_time_unix_nano for name in ("stt", "llm", "tts", "playout")]
    assert begins == sorted(begins), "each begins when the one before it has something for it"
    for part in parts.values():
        assert turn.start_time_unix_nano <= part.start_time_unix_nano <= part.end_time_unix_nano
        assert part.end_time_unix_nano <= turn.end_time_unix_nano
    assert receiver.resources[0]["parley.deployment"] == "test"
    assert "x-api-key: collector-secret" in receiver.headers[0].lower()
    sent = b"".join(receiver.bodies).lower()
    assert [word for word in (b"hippo", b"rhino", b"be brief", b"collector-secret") if word in sent] == []


async def test_g14_the_span_of_a_provider_that_failed_says_so(
    site: Site, emulators: Emulators, receiver: Collector
) -> None:
    emulators.anthropic.set_script(AnthropicScript(faults=[Fault(kind="refuse", status=401, times=None)]))
    async with served(traced(site, receiver.url).config()) as gateway, calling(gateway) as (_, conversation):
        await conversation.type("hello?")
    parts = receiver.within(receiver.named("turn")[0])
    assert parts["llm"].status.code == Status.STATUS_CODE_ERROR
    assert [attributes(event)["parley.kind"] for event in parts["llm"].events] == ["refused"]


async def test_g14_sessions_that_are_not_sampled_are_not_sent(site: Site, receiver: Collector) -> None:
    async with (
        served(traced(site, receiver.url, sample_ratio=0).config()) as gateway,
        calling(gateway) as (_, conversation),
    ):
        await conversation.type("hello?")
    assert receiver.bodies == []


async def test_g14_a_collector_that_is_away_touches_no_conversation(site: Site) -> None:
    async with (
        served(traced(site, "http://127.0.0.1:9/v1/traces").config()) as gateway,
        calling(gateway) as (_, conversation),
    ):
        assert (await conversation.type("hello?")).status == "completed"


def test_g14_without_the_package_it_is_said_what_to_install(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "parley_gateway.telemetry.traces", raising=False)
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk.trace", None)
    with pytest.raises(ConfigurationError, match=r"install parley-voice\[traces\]"):
        Gateway(traced(site, "http://127.0.0.1:9/v1/traces").config())
