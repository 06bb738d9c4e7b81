"""Whatever goes wrong at a provider of answers becomes a ProviderError of the right kind, in time."""

from __future__ import annotations

import traceback
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from google.genai.errors import APIError

from parley_gateway.conversation.events import FailureKind, Stage
from parley_gateway.conversation.history import (
    Speaker,
    ToolCall,
    ToolExchange,
    ToolResult,
    ToolStatus,
    Utterance,
)
from parley_gateway.ports import Llm, LlmText, LlmToolCall, ProviderError
from parley_gateway.providers.errors import KeyRefusedError
from parley_gateway.providers.llm.gemini_errors import api_failure
from tests.emulators.emulators import Emulators
from tests.emulators.faults import Fault
from tests.emulators.fixtures import API_KEY
from tests.emulators.language_model import ScriptedCall
from tests.gateway.providers.network import SAID, Network, a_request, befall, drained, open_provider

REFUSED, LIMITED, OVERLOADED = FailureKind.REFUSED, FailureKind.RATE_LIMITED, FailureKind.OVERLOADED
TIMEOUT, CUT, GARBAGE = FailureKind.TIMEOUT, FailureKind.CUT, FailureKind.GARBAGE

FAULTS = [
    *(
        pytest.param(Fault(kind="refuse", status=s), REFUSED, id=f"status_{s}")
        for s in (302, 400, 401, 402, 403, 404)
    ),
    pytest.param(Fault(kind="refuse", status=429), LIMITED, id="429"),
    *(pytest.param(Fault(kind="refuse", status=s), OVERLOADED, id=str(s)) for s in (500, 503, 529)),
    pytest.param(Fault(kind="refuse", status=504), TIMEOUT, id="504"),
    pytest.param(Fault(kind="stall"), TIMEOUT, id="stall_at_once"),
    pytest.param(Fault(kind="stall", after=1), TIMEOUT, id="stall_before_text"),
    pytest.param(Fault(kind="stall", after=4), TIMEOUT, id="stall_in_the_middle"),
    pytest.param(Fault(kind="cut"), CUT, id="cut_at_once"),
    pytest.param(Fault(kind="cut", after=4), CUT, id="cut_in_the_middle"),
    pytest.param(Fault(kind="end"), CUT, id="end_at_once"),
    pytest.param(Fault(kind="end", after=4), CUT, id="end_in_the_middle"),
    pytest.param(Fault(kind="garbage"), GARBAGE, id="not_http"),
    pytest.param(Fault(kind="garbage", after=3), GARBAGE, id="garbage_in_the_middle"),
    pytest.param(Fault(kind="error_event", after=3), OVERLOADED, id="overloaded_in_the_middle"),
    pytest.param(Fault(kind="error_event", error_type="server_error"), OVERLOADED, id="server_error"),
    pytest.param(Fault(kind="error_event", error_type="rate_limit_error"), LIMITED, id="limit_in_the_middle"),
    pytest.param(Fault(kind="error_event", error_type="insufficient_quota"), REFUSED, id="out_of_credit"),
]


@pytest.fixture(params=["anthropic", "openai_chat", "compatible_chat", "gemini"])
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest_asyncio.fixture
async def llm(name: str, beset: Network) -> AsyncIterator[Llm]:
    async with open_provider(getattr(beset, name)()) as llm:
        yield llm


async def failing(llm: Llm) -> ProviderError:
    _, failure = await drained(llm.reply(a_request()))
    assert failure is not None
    return failure


@pytest.mark.parametrize(("fault", "kind"), FAULTS)
async def test_g02_a_fault_is_a_failure_of_its_kind(
    emulators: Emulators, name: str, llm: Llm, fault: Fault, kind: FailureKind
) -> None:
    befall(emulators, name, fault)
    failure = await failing(llm)
    assert (failure.stage, failure.kind) == (Stage.LLM, kind)


async def test_g02_after_a_fault_the_next_answer_is_whole(emulators: Emulators, name: str, llm: Llm) -> None:
    befall(emulators, name, Fault(kind="cut", after=3))
    await failing(llm)
    text = [event.delta async for event in llm.reply(a_request()) if isinstance(event, LlmText)]
    assert "".join(text) == f"You said: {SAID}"


async def test_g02_there_are_no_silent_retries(emulators: Emulators, name: str, llm: Llm) -> None:
    befall(emulators, name, Fault(kind="refuse", status=529, times=None))
    await failing(llm)
    assert len(emulators.journal.entries) == 1


@pytest.mark.parametrize(("header", "seconds"), [("7", 7.0), ("0.5", 0.5), (None, None), ("soon", None)])
async def test_g02_a_rate_limit_says_when_to_come_back(
    emulators: Emulators, name: str, llm: Llm, header: str | None, seconds: float | None
) -> None:
    befall(emulators, name, Fault(kind="refuse", status=429, retry_after=header))
    assert (await failing(llm)).retry_after == seconds


@pytest.mark.parametrize(
    "fault", [Fault(kind="refuse", status=401), Fault(kind="cut", after=3), Fault(kind="stall")]
)
async def test_g02_failures_show_neither_keys_nor_what_was_said(
    emulators: Emulators, name: str, llm: Llm, fault: Fault
) -> None:
    befall(emulators, name, fault, keys=["another key"] if fault.kind == "refuse" else None)
    shown = "".join(traceback.format_exception(await failing(llm)))
    assert API_KEY not in shown
    assert SAID not in shown


async def test_g02_text_before_a_fault_is_not_lost(emulators: Emulators, name: str, llm: Llm) -> None:
    befall(emulators, name, Fault(kind="end", after=4))
    events, failure = await drained(llm.reply(a_request()))
    text = "".join(event.delta for event in events if isinstance(event, LlmText))
    assert text
    assert f"You said: {SAID}".startswith(text)
    assert failure is not None


async def test_g04_closing_an_answer_ends_the_request_at_a_stalled_peer(
    emulators: Emulators, name: str, network: Network
) -> None:
    befall(emulators, name, Fault(kind="stall", after=4))
    async with open_provider(getattr(network, name)()) as llm:
        events = llm.reply(a_request())
        await anext(events)
        await events.aclose()
        await emulators.journal.until(lambda journal: journal.entries[0].outcome == "client_gone")


async def test_g02_nobody_listening_is_unreachable(name: str, emulators: Emulators, network: Network) -> None:
    nowhere = Network("http://127.0.0.1:1", network.key_file)
    async with open_provider(getattr(nowhere, name)()) as llm:
        with pytest.raises(ProviderError) as caught:
            await llm.warm()
        assert caught.value.kind is FailureKind.UNREACHABLE
        assert (await failing(llm)).kind is FailureKind.UNREACHABLE


async def test_g02_tls_to_a_plain_server_is_unreachable(name: str, network: Network) -> None:
    mistaken = Network(network.address.replace("http:", "https:"), network.key_file)
    async with open_provider(getattr(mistaken, name)()) as llm:
        assert (await failing(llm)).kind is FailureKind.UNREACHABLE


async def test_g10_an_answer_without_a_word_is_a_failure(emulators: Emulators, name: str, llm: Llm) -> None:
    befall(emulators, name, replies=[" "])
    assert (await failing(llm)).kind is GARBAGE


async def test_g12_after_a_tool_what_was_said_before_it_is_enough(
    emulators: Emulators, name: str, llm: Llm
) -> None:
    befall(emulators, name, replies=[" "])
    call = ToolExchange(ToolCall("c1", "note", "{}"), ToolResult("c1", ToolStatus.SUCCEEDED, "Noted."))
    caller, agent = Utterance(Speaker.CALLER, "Bye."), Utterance(Speaker.AGENT, "I noted that. Goodbye!")
    assert (await drained(llm.reply(a_request(caller, agent, call))))[1] is None
    silent, failure = await drained(llm.reply(a_request(caller, call)))
    assert failure is not None
    assert not "".join(event.delta for event in silent if isinstance(event, LlmText)).strip()


async def test_g12_nothing_is_called_for_an_answer_that_breaks_off(
    emulators: Emulators, name: str, llm: Llm
) -> None:
    calls = {SAID: [ScriptedCall(name="book", arguments={"people": 2})] * 3}
    befall(emulators, name, Fault(kind="end", after=2), calls=calls)
    events, failure = await drained(llm.reply(a_request()))
    assert failure is not None
    assert not any(isinstance(event, LlmToolCall) for event in events)


class TestGemini:
    """Says in the body what others say by status and headers."""

    @pytest.fixture
    def name(self) -> str:
        return "gemini"

    async def test_g10_a_key_that_is_not_valid_is_known_as_such(self, emulators: Emulators, llm: Llm) -> None:
        befall(emulators, "gemini", keys=["another key"])
        assert isinstance(await failing(llm), KeyRefusedError)

    async def test_g10_what_a_filter_blocks_is_refused(self, emulators: Emulators, llm: Llm) -> None:
        befall(emulators, "gemini", blocks=True)
        failure = await failing(llm)
        assert (failure.kind, "SAFETY" in failure.detail) == (REFUSED, True)

    async def test_g12_a_call_that_the_model_could_not_write_may_be_tried_again(
        self, emulators: Emulators, llm: Llm
    ) -> None:
        befall(emulators, "gemini", finish="MALFORMED_FUNCTION_CALL")
        assert (await failing(llm)).kind is GARBAGE

    def test_g10_a_delay_in_the_body_counts(self) -> None:
        info = {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "34.5s"}
        body = {"error": {"code": 429, "status": "RESOURCE_EXHAUSTED", "details": ["?", info]}}
        failure = api_failure(APIError(429, body))
        assert (failure.kind, failure.retry_after) == (LIMITED, 34.5)

    @pytest.mark.parametrize("body", [{}, [], "?", {"error": 1}, {"error": {"details": {}}}, None])
    def test_g10_a_body_of_any_shape_is_understood(self, body: object) -> None:
        assert api_failure(APIError(503, body)).kind is OVERLOADED
