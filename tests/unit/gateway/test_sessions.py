"""Who gets a session, and that every account that was opened is closed, whatever happens in between."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

import pytest
import pytest_asyncio

from parley_contract.codes import CloseCode, ErrorCode
from parley_contract.config import GatewayConfig
from parley_gateway import sessions as module
from parley_gateway.access.assembly import create_access
from parley_gateway.accounts import AccountedSession, Subject
from parley_gateway.agent import AgentSource
from parley_gateway.conversation.events import EndReason
from parley_gateway.metrics import Metrics
from parley_gateway.protocols.admission import Admitted, Credentials, RefusedError
from parley_gateway.providers.registry import Pipeline
from parley_gateway.session.observer import SessionObserver, Unobserved
from parley_gateway.sessions import Sessions
from tests.unit.session.world import ListeningClient, ScriptedLlm, ScriptedStt, ScriptedTts

TOKEN = Credentials("open sesame")


@dataclass
class Book:
    """Accounts that remember; `ready` lets those who wait for one go on."""

    ready: asyncio.Event = field(default_factory=asyncio.Event)
    refuses: RefusedError | None = None
    opened: list[tuple[str, Subject]] = field(default_factory=list)
    attached: list[AccountedSession] = field(default_factory=list)
    closed: list[EndReason] = field(default_factory=list)
    asked: asyncio.Event = field(default_factory=asyncio.Event)

    async def open(self, session: str, subject: Subject) -> Page:
        self.asked.set()
        await self.ready.wait()
        if self.refuses:
            raise self.refuses
        self.opened.append((session, subject))
        return Page(self)


@dataclass
class Page:
    book: Book
    observer: SessionObserver = field(default_factory=Unobserved)
    cost: Decimal | None = Decimal("0.25")

    def attach(self, session: AccountedSession) -> None:
        self.book.attached.append(session)

    async def close(self, reason: EndReason) -> None:
        self.book.closed.append(reason)


@dataclass
class House:
    sessions: Sessions
    book: Book
    link: ListeningClient = field(default_factory=ListeningClient)

    async def admit(self, credentials: Credentials = TOKEN) -> Admitted:
        return await self.sessions.admit(self.link, credentials)

    def knock(self) -> asyncio.Task[Admitted]:
        return asyncio.create_task(self.admit())


def build(folder: Path, book: Book, *, cap: int = 2) -> House:
    (folder / "agent.json").write_text("{}")
    (folder / "front-desk").write_text("open sesame\n")
    config = GatewayConfig.model_validate_json(
        json.dumps(
            {
                "agent": {"file": str(folder / "agent.json")},
                "pipeline": {stage: {"provider": "Embedded"} for stage in ("stt", "llm", "tts")},
                "auth": {"tokens": {"token_files": [str(folder / "front-desk")]}},
                "limits": {"sessions_per_pod": cap},
            }
        )
    )
    sessions = Sessions(
        config,
        pipeline=Pipeline(ScriptedStt(), ScriptedLlm(), ScriptedTts()),
        agent=AgentSource(config.agent),
        authenticator=create_access(config.auth).authenticator,
        accounts=book,
        metrics=Metrics(),
        observer=lambda *_: Unobserved(),
    )
    return House(sessions, book)


@pytest_asyncio.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    house = build(tmp_path, Book())
    house.book.ready.set()
    yield house
    house.sessions.end_all()
    await house.sessions.ended()
    assert len(house.book.opened) == len(house.book.closed)


async def test_the_account_is_the_subjects_and_is_closed_with_the_reason(house: House) -> None:
    admitted = await house.admit()
    ((session, subject),) = house.book.opened
    assert (session, subject.name, subject.user) == (admitted.id, "front-desk", None)
    assert admitted.cost() == Decimal("0.25")
    assert len(house.book.attached) == 1
    admitted.session.hang_up(EndReason.CLIENT_ENDED)
    await house.sessions.ended()
    assert house.book.closed == [EndReason.CLIENT_ENDED]


async def test_who_may_have_no_account_gets_no_session_and_takes_no_place(house: House) -> None:
    house.book.refuses = RefusedError(close_code=CloseCode.USER_CAP, code=ErrorCode.USER_CAP, message="three")
    for _ in range(3):
        with pytest.raises(RefusedError, match="three"):
            await house.admit()
    house.book.refuses = None
    await house.admit()
    assert len(house.sessions) == 1


async def test_who_is_not_known_opens_no_account(house: House) -> None:
    with pytest.raises(RefusedError) as refused:
        await house.admit(Credentials("friend"))
    assert refused.value.close_code is CloseCode.UNAUTHENTICATED
    assert not house.book.asked.is_set()


async def test_g06_those_who_wait_count_against_the_cap(house: House) -> None:
    house.book.ready.clear()
    knocking = [house.knock(), house.knock()]
    await house.book.asked.wait()
    await asyncio.sleep(0)
    with pytest.raises(RefusedError) as refused:
        await house.admit()
    assert refused.value.close_code is CloseCode.POD_CAP
    house.book.ready.set()
    await asyncio.gather(*knocking)


async def test_a_client_that_leaves_while_it_waits_leaves_nothing(house: House) -> None:
    house.book.ready.clear()
    knocking = [house.knock(), house.knock()]
    await house.book.asked.wait()
    for task in knocking:
        task.cancel()
    await asyncio.wait(knocking)
    house.book.ready.set()
    await asyncio.gather(house.admit(), house.admit())
    assert len(house.sessions) == 2


async def test_nobody_waits_for_ever(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_ADMISSION_S", 0.01)
    house.book.ready.clear()
    with pytest.raises(RefusedError) as refused:
        await house.admit()
    assert refused.value.close_code is CloseCode.INTERNAL
    assert "connect again" in refused.value.message


async def test_who_is_admitted_while_the_process_goes_away_is_sent_away_and_the_account_is_closed(
    house: House,
) -> None:
    house.book.ready.clear()
    knocking = house.knock()
    await house.book.asked.wait()
    house.sessions.drain(deadline_s=60)
    ended = asyncio.create_task(house.sessions.ended())
    await asyncio.sleep(0)
    assert not ended.done()
    house.book.ready.set()
    with pytest.raises(RefusedError) as refused:
        await knocking
    assert refused.value.close_code is CloseCode.DRAINING
    await ended
    assert len(house.book.closed) == 1


@pytest.mark.parametrize("breaks", ["_start", "_run"])
async def test_a_mistake_of_the_server_closes_the_account(
    house: House, monkeypatch: pytest.MonkeyPatch, breaks: str
) -> None:
    async def run(_: object) -> EndReason:
        raise ZeroDivisionError

    def current() -> None:
        raise ZeroDivisionError

    break_it: dict[str, Callable[[], None]] = {
        "_start": lambda: monkeypatch.setattr(house.sessions._agent, "current", current),
        "_run": lambda: monkeypatch.setattr("parley_gateway.session.session.Session.run", run),
    }
    break_it[breaks]()
    await asyncio.gather(house.admit(), return_exceptions=True)
    await house.sessions.ended()
    assert house.book.closed == [EndReason.INTERNAL]
    assert len(house.sessions) == 0
