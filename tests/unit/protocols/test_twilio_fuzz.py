"""100,000 messages that are almost right: no crash, no leak, and nothing reaches another call's session (G11).

Seeded, so that a failure can be seen again. The well-formed messages of a call are changed as a broken or a
hostile client would: fields missing, of another type or another stream, cut, doubled, out of order.
"""

from __future__ import annotations

import base64
import gc
import random
import weakref
from collections.abc import Callable
from typing import Any

import orjson
import pytest

from parley_contract.native import CloseCode
from parley_gateway.conversation.events import EndReason
from tests.unit.protocols.twilio_scene import FORMAT, STREAM, Scene

MESSAGES = 100_000
PER_CALL = 250
ODD: list[Any] = [None, True, -1, 2**63, 1e308, "", "x" * 300, "\u0000", "MZother", [], {}, [[]], {"name": {}}]


def well_formed(generator: random.Random) -> dict[str, Any]:
    """Any message of a call."""
    audio = base64.b64encode(generator.randbytes(160)).decode()
    mark = f"{generator.randint(0, 4)}.{generator.randint(0, 3)}.{generator.randrange(0, 2000, 100)}"
    start = {"streamSid": STREAM, "callSid": "CA1", "customParameters": {"token": "t"}, "mediaFormat": FORMAT}
    kinds: list[dict[str, Any]] = [
        {"event": "connected", "protocol": "Call", "version": "1.0.0"},
        {"event": "start", "start": start},
        {"event": "media", "media": {"track": "inbound", "payload": audio}},
        {"event": "media", "media": {"track": "inbound", "payload": audio}},
        {"event": "dtmf", "dtmf": {"digit": generator.choice("0123456789*#ABCDxyz")}},
        {"event": "mark", "mark": {"name": mark}},
    ]
    return {**generator.choice(kinds), "streamSid": STREAM, "sequenceNumber": "1"}


def spoilt(message: dict[str, Any], generator: random.Random) -> str:
    """One thing is wrong with it, or nothing."""
    changes: list[Callable[[], str]] = [
        lambda: orjson.dumps(message).decode(),
        lambda: orjson.dumps(message).decode(),
        lambda: orjson.dumps(_altered(message, generator)).decode(),
        lambda: _cut(orjson.dumps(message).decode(), generator),
        lambda: orjson.dumps([message]).decode(),
        lambda: generator.choice(["", "\ud800", "{", "null", "\u0000", "0", '"' * 40, "[" * 200]),
    ]
    return generator.choice(changes)()


def _altered(message: dict[str, Any], generator: random.Random) -> dict[str, Any]:
    """A field at any depth has another value, or is gone."""
    name = generator.choice([*message])
    value = message[name]
    if isinstance(value, dict) and value and generator.random() < 0.7:
        return {**message, name: _altered(value, generator)}
    if generator.random() < 0.3:
        return {other: kept for other, kept in message.items() if other != name}
    return {**message, name: generator.choice(ODD)}


def _cut(text: str, generator: random.Random) -> str:
    return text[: generator.randrange(len(text))]


def agent_acts(scene: Scene, generator: random.Random) -> None:
    """The session speaks, is interrupted and ends, whatever comes in."""
    reply = generator.randint(1, 4)
    act = generator.random()
    if act < 0.02:
        scene.connection.write(reply, generator.randrange(0, 2000, 100), bytes(1600))
    elif act < 0.03:
        scene.connection.drop(reply)
    elif act < 0.035:
        scene.connection.finish(reply)
    elif act < 0.04:
        scene.connection.clear(reply)
    elif act < 0.041:
        scene.connection.end(EndReason.IDLE)


def check(scene: Scene) -> None:
    """What holds of every call, however it went."""
    assert len(scene.session.hung_up) <= 1
    assert scene.close_code is None or scene.close_code in set(CloseCode)
    assert {message["event"] for message in scene.told} <= {"media", "mark", "clear"}
    assert all(message["streamSid"] == STREAM for message in scene.told)
    assert len(scene.door.asked) <= 1
    assert len(scene.session.pcm) % 2 == 0


def call(scene: Scene, generator: random.Random) -> int:
    """Messages until it is closed, or long enough; returns how many."""
    for number in range(PER_CALL):
        if scene.close_code is not None:
            return number
        scene.clock.now += 0.02
        scene.connection.on_text(spoilt(well_formed(generator), generator))
        if scene.admitted:
            agent_acts(scene, generator)
    return PER_CALL


@pytest.mark.parametrize("started", [False, True], ids=["from the first message", "within a call"])
def test_g11_fuzzed_calls_neither_crash_nor_leak_nor_reach_a_bystander(started: bool) -> None:
    generator = random.Random(4)
    bystander = Scene().start()
    gone: list[weakref.ref[Any]] = []
    sent = talked = 0
    while sent < MESSAGES // 2:
        scene = Scene(token="t", frame_bytes=4096)
        if started:
            scene.start(token="t")
        sent += call(scene, generator)
        scene.connection.on_disconnect()
        check(scene)
        talked += scene.admitted
        gone.append(weakref.ref(scene.connection))
    del scene
    gc.collect()
    assert talked > 100
    assert [reference for reference in gone if reference() is not None] == []
    assert (bystander.session.chunks, bystander.session.events, bystander.session.hung_up) == ([], [], [])
    bystander.speak(b"\x80" * 160)
    assert len(bystander.session.pcm) == 320
