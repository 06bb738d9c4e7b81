"""Whatever a client sends, the protocol answers in order, in its own words, and never raises."""

from __future__ import annotations

import orjson
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from parley_contract.codes import CloseCode
from parley_contract.native import CLIENT_MESSAGE
from parley_gateway.conversation.events import EndReason
from tests.unit.protocols.scene import Scene

TYPES = [*sorted(CLIENT_MESSAGE.json_schema()["discriminator"]["mapping"]), "dtmf", "nonsense"]
FIELDS = ["text", "id", "reply", "played_ms", "state", "t", "muted", "token", "audio", "features", "zz"]

json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
nearly = st.builds(
    lambda type_, fields: orjson.dumps({**fields, "type": type_}).decode(),
    st.sampled_from(TYPES) | json_values,
    st.dictionaries(st.sampled_from(FIELDS), json_values, max_size=4),
)
texts = st.one_of(
    st.text(max_size=200),
    json_values.map(lambda value: orjson.dumps(value).decode()),
    nearly,
    st.sampled_from(['{"type":"session.start"}', '{"type":"session.start","features":["playback"]}']),
)
frames = st.lists(st.one_of(texts, st.binary(max_size=400)), max_size=30)


@given(frames)
def test_no_input_raises_and_every_answer_is_valid_and_numbered(sent: list[str | bytes]) -> None:
    scene = Scene()
    for frame in sent:
        scene.clock.now += 0.01
        if isinstance(frame, str):
            scene.connection.on_text(frame)
        else:
            scene.connection.on_bytes(frame)
    scene.connection.on_disconnect()
    assert [message.seq for message in scene.wire.messages] == list(range(1, len(scene.wire.messages) + 1))
    assert scene.wire.closed is None or scene.wire.closed[0] in set(CloseCode)
    assert len(scene.session.hung_up) <= 1


@given(frames)
def test_a_live_session_is_hung_up_exactly_once_however_it_ends(sent: list[str | bytes]) -> None:
    scene = Scene().start()
    for frame in sent:
        if isinstance(frame, str):
            scene.connection.on_text(frame)
        else:
            scene.connection.on_bytes(frame)
    scene.connection.on_disconnect()
    assert len(scene.session.hung_up) == 1


@given(st.lists(st.binary(max_size=64), max_size=40))
def test_audio_is_the_same_however_it_is_split(chunks: list[bytes]) -> None:
    scene = Scene().start()
    for chunk in chunks:
        scene.connection.on_bytes(chunk)
    whole = b"".join(chunks)
    assert scene.session.pcm == whole[: len(whole) - len(whole) % 2]


writes = st.tuples(st.integers(1, 4), st.integers(0, 5000), st.binary(max_size=20))
clears = st.integers(1, 4)


@given(st.lists(writes | clears, max_size=40))
def test_no_byte_of_a_cleared_reply_is_left_on_the_wire(actions: list[tuple[int, int, bytes] | int]) -> None:
    scene = Scene().start()
    cleared = 0
    for action in actions:
        if isinstance(action, int):
            scene.connection.clear(action)
            cleared = max(cleared, action)
            continue
        before = scene.wire.audio
        scene.connection.write(*action)
        assert action[0] > cleared or scene.wire.audio == before


@given(st.sampled_from(EndReason))
def test_every_end_reason_can_be_told(reason: EndReason) -> None:
    scene = Scene().start()
    scene.connection.end(reason)
    TypeAdapter(str).validate_python(scene.wire.last.reason)  # type: ignore[union-attr]
