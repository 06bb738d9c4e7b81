"""Frames as a client sends them, however the network cuts them: read here, or handed on whole."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.client import ClientProtocol
from websockets.frames import Frame, Opcode
from websockets.uri import parse_uri

from parley_gateway.frames import BINARY, TEXT, FrameReader, frame, masked_frame

LARGEST = 70_000
MASK = b"\x01\x80\xff\x37"

payloads = st.one_of(
    st.binary(max_size=200),
    st.sampled_from([125, 126, 127, 65_535, 65_536, LARGEST]).map(lambda size: b"x" * size),
)
data_frames = st.tuples(st.sampled_from([Opcode.TEXT, Opcode.BINARY, Opcode.CONT]), st.booleans(), payloads)
pings = st.tuples(st.just(Opcode.PING), st.just(True), st.binary(max_size=125))
frames = st.one_of(data_frames, pings)


class Heard:
    """What came of a stream."""

    def __init__(self, *, takes: bool = True) -> None:
        self.messages: list[tuple[int, bytes]] = []
        self.others: list[bytes] = []
        self._takes = takes
        self.reader = FrameReader(largest=LARGEST, on_message=self._on_message, on_other=self.others.append)

    def _on_message(self, kind: int, payload: bytes) -> bool:
        if self._takes:
            self.messages.append((kind, payload))
        return self._takes


def sent(opcode: Opcode, payload: bytes, *, fin: bool = True) -> bytes:
    return Frame(opcode, payload, fin).serialize(mask=True)


def is_ordinary(opcode: Opcode, fin: bool) -> bool:
    return fin and opcode in (Opcode.TEXT, Opcode.BINARY)


@given(st.lists(frames, max_size=6), st.lists(st.integers(0, 300_000), max_size=8))
def test_messages_are_read_and_all_else_is_handed_on_whole(
    stream: list[tuple[Opcode, bool, bytes]], cuts: list[int]
) -> None:
    wire = [sent(opcode, payload, fin=fin) for opcode, fin, payload in stream]
    data, heard = b"".join(wire), Heard()
    for begin, end in pairwise(sorted({0, len(data), *(min(cut, len(data)) for cut in cuts)})):
        heard.reader.feed(data[begin:end])
    assert heard.messages == [(op, payload) for op, fin, payload in stream if is_ordinary(op, fin)]
    assert heard.others == [
        raw for raw, (op, fin, _) in zip(wire, stream, strict=True) if not is_ordinary(op, fin)
    ]


@given(st.binary(max_size=300), st.integers(0, 400))
def test_a_message_that_is_not_taken_is_handed_on_as_it_came(payload: bytes, cut: int) -> None:
    raw, heard = sent(Opcode.TEXT, payload), Heard(takes=False)
    heard.reader.feed(raw[:cut])
    heard.reader.feed(raw[cut:])
    assert heard.others == [raw]


@pytest.mark.parametrize(
    "begin",
    [b"\x81\x05hello", b"\x82\xff" + (LARGEST + 1).to_bytes(8), b"\x82\xff" + b"\xff" * 8],
    ids=["not masked", "too long", "far too long"],
)
def test_what_the_library_will_refuse_is_not_waited_for(begin: bytes) -> None:
    heard = Heard()
    heard.reader.feed(begin + MASK)
    assert heard.others == [begin + MASK]


@given(st.binary(max_size=100_000))
def test_what_is_sent_is_what_clients_understand(payload: bytes) -> None:
    for kind in (TEXT, BINARY):
        client = ClientProtocol(parse_uri("ws://127.0.0.1/"))
        client.state = client.state.OPEN
        client.parser = super(ClientProtocol, client).parse()
        next(client.parser)
        client.receive_data(frame(kind, payload))
        (read,) = client.events_received()
        assert isinstance(read, Frame)
        assert (read.opcode, read.fin, bytes(read.data)) == (kind, True, payload)


@given(st.binary(max_size=LARGEST))
def test_what_is_sent_masked_is_what_servers_understand(payload: bytes) -> None:
    for kind in (TEXT, BINARY):
        heard = Heard()
        heard.reader.feed(masked_frame(kind, payload))
        assert heard.messages == [(kind, payload)]
