"""Frames on the pipe between the gateway and a child process."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley_gateway.providers.embedded.frames import (
    HEADER,
    LARGEST_PAYLOAD,
    Frame,
    FrameError,
    Kind,
    decode_header,
)


@given(kind=st.sampled_from(Kind), request=st.integers(0, 2**32 - 1), payload=st.binary(max_size=500))
def test_a_frame_survives_the_pipe(kind: Kind, request: int, payload: bytes) -> None:
    data = Frame(kind, request, payload).encode()

    assert decode_header(data[: HEADER.size]) == (kind, request, len(payload))
    assert data[HEADER.size :] == payload


def test_a_length_that_cannot_be_is_an_error() -> None:
    with pytest.raises(FrameError, match="larger than"):
        decode_header(HEADER.pack(Kind.DATA, 1, LARGEST_PAYLOAD + 1))


def test_a_kind_that_does_not_exist_is_an_error() -> None:
    with pytest.raises(FrameError, match="kind 99"):
        decode_header(HEADER.pack(99, 1, 0))


def test_what_a_frame_carries_is_not_in_its_representation() -> None:
    assert "zanzibar" not in repr(Frame(Kind.REQUEST, 1, b"zanzibar"))
