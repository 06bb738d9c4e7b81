"""Between `session.start` and `session.started`: it may take a while to know whether a client may talk."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest
import pytest_asyncio

from parley_contract.codes import CloseCode, ErrorCode
from parley_contract.native import ErrorMessage, Flow, Pong, SessionStarted
from parley_gateway.conversation.events import DtmfReceived, EndReason, TextReceived
from parley_gateway.ports import ClientLink
from parley_gateway.protocols.admission import Admitted, Credentials, RefusedError
from tests.unit.protocols.scene import Heard, Scene

SECOND = b"\1\0" * 16_000
TOO_MANY = RefusedError(close_code=CloseCode.USER_CAP, code=ErrorCode.USER_CAP, message="three already")


@dataclass
class SlowDoor:
    """Decides when the test says so."""

    session: Heard
    decision: asyncio.Future[None]
    asked: asyncio.Event = field(default_factory=asyncio.Event)
    cancelled: bool = False

    async def admit(self, link: ClientLink, credentials: Credentials) -> Admitted:
        self.asked.set()
        try:
            await self.decision
        except asyncio.CancelledError:
            self.cancelled = True
            raise
        return Admitted(id="s1", session=self.session)


@dataclass
class Waiting:
    """A client that has said `session.start`, and has no answer yet."""

    scene: Scene
    door: SlowDoor

    @property
    def session(self) -> Heard:
        return self.door.session

    async def admitted(self) -> None:
        self.door.decision.set_result(None)
        await settled()

    async def failed(self, error: Exception) -> None:
        self.door.decision.set_exception(error)
        await settled()


async def settled() -> None:
    """Nothing is left to be done but the test."""
    while tasks := asyncio.all_tasks() - {asyncio.current_task()}:
        await asyncio.wait(tasks)


@pytest_asyncio.fixture
async def client() -> AsyncIterator[Waiting]:
    door = SlowDoor(Heard(), asyncio.get_running_loop().create_future())
    scene = Scene(door=door, spawn=asyncio.create_task).start()
    await door.asked.wait()
    yield Waiting(scene, door)
    await settled()


class TestWhatComesMeanwhile:
    async def test_is_kept_in_its_order_and_follows_the_start(self, client: Waiting) -> None:
        client.scene.say("input.mute")
        client.scene.connection.on_bytes(b"\1\0\2\0\3")
        client.scene.say("dtmf", digit="1")
        client.scene.say("ping", t=1)
        client.scene.connection.on_bytes(b"\0")
        client.scene.say("text", text="hello")
        assert client.scene.wire.sent == []
        await client.admitted()
        assert client.session.muted
        assert client.session.chunks == [b"\1\0\2\0", b"\3\0"]
        assert client.session.events == [DtmfReceived("1"), TextReceived("hello")]
        started, pong = client.scene.wire.messages
        assert isinstance(started, SessionStarted)
        assert isinstance(pong, Pong)

    async def test_audio_of_more_than_a_second_loses_its_beginning_and_that_is_said(self, client: Waiting) -> None:
        client.scene.connection.on_bytes(b"\2\0" * 4_000)
        client.scene.say("dtmf", digit="1")
        client.scene.connection.on_bytes(SECOND[:8_000])
        client.scene.connection.on_bytes(SECOND[8_000:])
        await client.admitted()
        assert client.session.pcm == SECOND
        assert client.session.events == [DtmfReceived("1")]
        flows = [message for message in client.scene.wire.messages if isinstance(message, Flow)]
        assert [(flow.input, flow.dropped_ms) for flow in flows] == [("dropping", 250), ("ok", 0)]
        assert client.scene.dropped.ms == 250

    async def test_more_messages_than_anyone_needs_end_it(self, client: Waiting) -> None:
        for _ in range(33):
            client.scene.say("input.clear")
        assert client.scene.close_code == 4413
        await settled()
        assert client.door.cancelled

    async def test_a_second_start_is_an_error_that_ends_nothing(self, client: Waiting) -> None:
        client.scene.start()
        await client.admitted()
        error = client.scene.wire.last
        assert isinstance(error, ErrorMessage)
        assert (error.code, error.fatal) == ("already_started", False)

    async def test_the_start_deadline_is_kept_already(self, client: Waiting) -> None:
        client.scene.connection.on_start_deadline()
        assert client.scene.wire.closed is None
        client.scene.connection.on_disconnect()


class TestLeaving:
    async def test_a_client_that_is_gone_is_admitted_no_more(self, client: Waiting) -> None:
        client.scene.connection.on_disconnect()
        await settled()
        assert client.door.cancelled
        assert client.session.hung_up == []

    async def test_a_client_that_hangs_up_is_let_go(self, client: Waiting) -> None:
        client.scene.say("session.end")
        await settled()
        assert client.door.cancelled
        assert client.scene.close_code == 1000
        assert client.scene.wire.sent == []

    async def test_a_client_that_is_sent_away_is_admitted_no_more(self, client: Waiting) -> None:
        client.scene.connection.refuse(TOO_MANY)
        await settled()
        assert client.door.cancelled
        assert client.scene.close_code == 4423

    async def test_nonsense_before_the_session_ends_it(self, client: Waiting) -> None:
        client.scene.connection.on_text("hello")
        await settled()
        assert client.door.cancelled
        assert client.scene.close_code == 4400

    async def test_what_was_kept_is_not_replayed_to_a_session_that_has_ended(
        self, client: Waiting, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        client.scene.say("ping", t=1)
        client.scene.say("text", text="hello")
        monkeypatch.setattr(client.session, "event", lambda _: client.scene.connection.end(EndReason.IDLE))
        client.scene.say("dtmf", digit="1")
        client.scene.say("ping", t=2)
        await client.admitted()
        assert [message.type for message in client.scene.wire.messages] == [
            "session.started",
            "pong",
            "session.ended",
        ]


class TestTheAnswer:
    async def test_a_refusal_is_told(self, client: Waiting) -> None:
        await client.failed(TOO_MANY)
        assert client.scene.wire.closed == (4423, "three already")
        error = client.scene.wire.last
        assert isinstance(error, ErrorMessage)
        assert (error.code, error.fatal) == ("user_cap", True)

    async def test_a_mistake_of_the_server_is_told_and_logged_without_its_words(
        self, client: Waiting, caplog: pytest.LogCaptureFixture
    ) -> None:
        await client.failed(ValueError("token=hunter2"))
        assert client.scene.close_code == 4500
        assert "hunter2" not in str(client.scene.wire.sent)
        (record,) = caplog.records
        assert "hunter2" not in str(vars(record))
