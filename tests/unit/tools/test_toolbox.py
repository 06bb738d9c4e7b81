"""One call, one journal: what is called how often, and what the model is told."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley_gateway.conversation.history import ToolCall, ToolResult, ToolStatus
from parley_gateway.ports import ToolSpec
from parley_gateway.tools.arguments import Arguments
from parley_gateway.tools.outcome import IN_DOUBT, Outcome, answered, in_doubt, refused
from parley_gateway.tools.toolbox import NO_SUCH_TOOL, NOT_REPEATED, Toolbox

ANSWERED, REFUSED, IN_DOUBT_ = answered("booked"), refused("full"), in_doubt("No answer.")
SCHEMA = {"type": "object", "properties": {"people": {"type": "integer"}}}


class Booking:
    """A function that goes as scripted; the last outcome is that of all further calls."""

    def __init__(self, *outcomes: Outcome | Exception, name: str = "book", idempotent: bool = False) -> None:
        self.spec = ToolSpec(name, "Book a table.", SCHEMA)
        self.parse: Callable[[str], dict[str, Any]] = Arguments(SCHEMA).parse
        self.idempotent = idempotent
        self.keys: list[str] = []
        self.held: asyncio.Event | None = None
        self._outcomes = outcomes

    async def call(self, arguments: dict[str, Any], *, key: str) -> Outcome:
        self.keys.append(key)
        if self.held is not None:
            await self.held.wait()
        outcome = self._outcomes[min(len(self.keys), len(self._outcomes)) - 1]
        if isinstance(outcome, Exception):
            raise outcome
        return outcome


class Fixed:
    """Functions that are simply there."""

    name = "fixed"

    def __init__(self, *functions: Booking) -> None:
        self.functions: Sequence[Booking] = functions

    async def ready(self) -> None: ...
    async def run(self) -> None: ...
    async def aclose(self) -> None: ...

    def report(self) -> dict[str, Any]:
        return {"source": self.name, "connected": True, "tools": len(self.functions)}


def a_call(arguments: str = '{"people": 4}', name: str = "book", call: str = "c") -> ToolCall:
    return ToolCall(call, name, arguments)


async def book(
    toolbox: Toolbox, call: ToolCall | None = None, *, key: str = "k", session: str = "s"
) -> ToolResult:
    return await toolbox.call(call or a_call(), key=key, session=session)


async def test_g12_a_call_is_made_and_its_answer_is_the_result() -> None:
    booking = Booking(ANSWERED)
    assert await book(Toolbox([Fixed(booking)])) == ToolResult("c", ToolStatus.SUCCEEDED, "booked")
    assert booking.keys == ["k"]


async def test_g12_what_there_is_not_cannot_be_called() -> None:
    result = await book(Toolbox([Fixed(Booking(ANSWERED))]), a_call(name="cancel"))
    assert (result.status, result.text) == (ToolStatus.FAILED, NO_SUCH_TOOL)


@pytest.mark.parametrize(
    "arguments", ["", "[]", '"four"', '{"people": "four"}', '{"people": 4', '{"people": NaN}']
)
async def test_g12_arguments_that_do_not_fit_are_sent_to_nobody(arguments: str) -> None:
    booking = Booking(ANSWERED)
    result = await book(Toolbox([Fixed(booking)]), a_call(arguments))
    assert (result.status, booking.keys) == (ToolStatus.FAILED, [])
    assert result.text.startswith("The arguments")


async def test_g12_one_key_is_one_call_also_at_the_same_time() -> None:
    booking = Booking(ANSWERED)
    booking.held = asyncio.Event()
    toolbox = Toolbox([Fixed(booking)])
    twice = [asyncio.create_task(book(toolbox)) for _ in range(2)]
    await asyncio.sleep(0)
    booking.held.set()
    assert len({(await result).text for result in twice}) == 1
    assert (await book(toolbox)).text == "booked"
    assert booking.keys == ["k"]


async def test_g12_who_stops_waiting_for_a_call_of_somebody_else_leaves_it_as_it_was() -> None:
    booking = Booking(ANSWERED)
    booking.held = asyncio.Event()
    toolbox = Toolbox([Fixed(booking)])
    calling, waiting = (asyncio.create_task(book(toolbox)) for _ in range(2))
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.wait({waiting})
    booking.held.set()
    assert (await calling).text == "booked"


async def test_g12_a_call_in_doubt_is_not_made_again_by_another_name() -> None:
    booking = Booking(IN_DOUBT_)
    toolbox = Toolbox([Fixed(booking)])
    first = await book(toolbox, a_call('{"people": 4, "name": "Ada"}'))
    assert first.status is ToolStatus.UNKNOWN
    assert first.text.endswith(IN_DOUBT)
    again = await book(toolbox, a_call('{"name": "Ada", "people": 4}', call="d"), key="k2")
    assert again == ToolResult("d", ToolStatus.UNKNOWN, NOT_REPEATED)
    assert booking.keys == ["k"]


async def test_g12_another_call_and_another_caller_are_none_of_its_business() -> None:
    booking = Booking(IN_DOUBT_)
    toolbox = Toolbox([Fixed(booking)])
    await book(toolbox)
    await book(toolbox, a_call('{"people": 5}'), key="k2")
    await book(toolbox, session="another")
    assert booking.keys == ["k", "k2", "k"]


@pytest.mark.parametrize("outcome", [ANSWERED, REFUSED])
async def test_g12_what_is_known_may_be_asked_for_again(outcome: Outcome) -> None:
    booking = Booking(outcome)
    toolbox = Toolbox([Fixed(booking)])
    await book(toolbox)
    await book(toolbox, key="k2")
    assert booking.keys == ["k", "k2"]


async def test_g12_what_is_idempotent_is_repeated_once_with_its_key_and_whenever_it_is_asked_for() -> None:
    booking = Booking(IN_DOUBT_, ANSWERED, IN_DOUBT_, idempotent=True)
    toolbox = Toolbox([Fixed(booking)])
    assert (await book(toolbox)).status is ToolStatus.SUCCEEDED
    assert (await book(toolbox, key="k2")).status is ToolStatus.UNKNOWN
    assert (await book(toolbox, key="k3")).status is ToolStatus.UNKNOWN
    assert booking.keys == ["k", "k", "k2", "k2", "k3", "k3"]


async def test_g12_a_defect_is_a_doubt() -> None:
    booking = Booking(RuntimeError("for Ada"))
    result = await book(Toolbox([Fixed(booking)]))
    assert result.status is ToolStatus.UNKNOWN
    assert "Ada" not in result.text


async def test_g12_a_call_that_was_called_off_is_in_doubt() -> None:
    booking = Booking(ANSWERED)
    booking.held = asyncio.Event()
    toolbox = Toolbox([Fixed(booking)])
    calling = asyncio.create_task(book(toolbox))
    await asyncio.sleep(0)
    calling.cancel()
    with suppress(asyncio.CancelledError):
        await calling
    assert (await book(toolbox, key="k2")).text == NOT_REPEATED
    assert booking.keys == ["k"]


@given(st.text())
def test_g12_a_key_fits_into_a_header_whatever_the_model_made_up(made_up: str) -> None:
    booking = Booking(ANSWERED)
    asyncio.run(_booked(booking, f"s:1:{made_up}"))
    (key,) = booking.keys
    assert key.isascii()
    assert key.isprintable()
    assert " " not in key
    assert 0 < len(key) <= 128


async def _booked(booking: Booking, key: str) -> None:
    await book(Toolbox([Fixed(booking)]), key=key)


async def test_the_first_of_a_name_counts() -> None:
    first, second = Booking(ANSWERED), Booking(REFUSED)
    toolbox = Toolbox([Fixed(first), Fixed(second)])
    assert toolbox.specs == (first.spec,)
    assert (await book(toolbox)).text == "booked"
