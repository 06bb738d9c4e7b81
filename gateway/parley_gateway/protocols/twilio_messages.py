"""The messages of Twilio Media Streams: what a stream says, and the three things that it may be told.

https://www.twilio.com/docs/voice/media-streams/websocket-messages. Twilio may add events and fields at any time,
so unknown ones are ignored; a message of ours that it does not know would end the stream (its error 31924).
"""

from __future__ import annotations

import binascii
from dataclasses import dataclass, field
from typing import Any

import orjson

from parley_gateway.audio import mulaw

_LONGEST_SID = 128
_LONGEST_TOKEN = 4096
_KEYS = frozenset("0123456789*#ABCD")
_MULAW = {"encoding": "audio/x-mulaw", "sampleRate": mulaw.RATE, "channels": 1}


class BadStreamMessageError(Exception):
    """Not a message of the protocol. Says what is wrong, and nothing of what was in it."""


@dataclass(frozen=True, slots=True)
class StreamStarted:
    """The first message that matters: which call this is."""

    stream: str
    call: str
    """For logs, which is where somebody looks who has it from Twilio's console."""
    token: str | None = field(repr=False)
    """The stream's `<Parameter name="token">`, if it has one."""


@dataclass(frozen=True, slots=True)
class Media:
    """Some of the caller's audio, 20 ms as a rule."""

    mulaw: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class KeyPressed:
    """A key of the telephone: one of 0-9, *, #, A-D."""

    digit: str


@dataclass(frozen=True, slots=True)
class MarkReturned:
    """What was sent before this mark has been played, or was cleared."""

    name: str


@dataclass(frozen=True, slots=True)
class StreamStopped:
    """The call is over, or goes on without us."""


StreamMessage = StreamStarted | Media | KeyPressed | MarkReturned | StreamStopped


def parse(text: str, stream: str | None) -> StreamMessage | None:
    """What a text frame says of `stream`, if that is of any interest. Raises BadStreamMessageError.

    None, too, for what concerns another stream, or comes before there is one.
    """
    try:
        content = orjson.loads(text)
        event = content["event"]
        if stream is None:
            return _started(content) if event == "start" else None
        if content["streamSid"] != stream:
            return None
        if event == "media":
            return _media(content["media"])
        return _rarer(event, content)
    except (orjson.JSONDecodeError, UnicodeEncodeError):
        raise BadStreamMessageError("text frames carry JSON messages") from None
    except (KeyError, TypeError, AttributeError):
        raise BadStreamMessageError("a message lacks what its event has to have") from None


def _media(media: dict[str, Any]) -> Media | None:
    """The caller's audio. A stream of both tracks also has what the caller hears: that is known already."""
    if media.get("track", "inbound") != "inbound":
        return None
    try:
        return Media(binascii.a2b_base64(media["payload"], strict_mode=True))
    except ValueError:
        raise BadStreamMessageError("the payload of a media message is not base64") from None


def _rarer(event: str, content: dict[str, Any]) -> StreamMessage | None:
    match event:
        case "mark":
            return MarkReturned(str(content["mark"]["name"]))
        case "dtmf":
            return _key(content["dtmf"]["digit"])
        case "stop":
            return StreamStopped()
        case _:
            return None


def _key(digit: object) -> KeyPressed:
    if not isinstance(digit, str) or digit not in _KEYS:
        raise BadStreamMessageError("a telephone has no such key")
    return KeyPressed(digit)


def _started(content: dict[str, Any]) -> StreamStarted:
    start = content["start"]
    if not _MULAW.items() <= start["mediaFormat"].items():
        raise BadStreamMessageError("the stream's media are not µ-law of 8000 Hz and one channel")
    token = (start.get("customParameters") or {}).get("token")
    return StreamStarted(
        stream=_text(start.get("streamSid", content.get("streamSid")), _LONGEST_SID),
        call=_text(start.get("callSid", ""), _LONGEST_SID),
        token=_text(token, _LONGEST_TOKEN) if token is not None else None,
    )


def _text(value: object, longest: int) -> str:
    if not isinstance(value, str) or len(value) > longest:
        raise BadStreamMessageError("an identifier of the stream is missing, or is no string, or too long")
    return value


class StreamWriter:
    """Writes the messages to one stream. All but what changes is written once."""

    def __init__(self, stream: str) -> None:
        sid = orjson.dumps(stream).decode()
        self._media = f'{{"event":"media","streamSid":{sid},"media":{{"payload":"'
        self._mark = f'{{"event":"mark","streamSid":{sid},"mark":{{"name":"'
        self.clear = f'{{"event":"clear","streamSid":{sid}}}'
        """Forget all media that are not played yet; the marks among them come back at once."""

    def media(self, pcm: bytes) -> str:
        """Play this next: s16le mono of 8 kHz, of any length."""
        return f'{self._media}{binascii.b2a_base64(mulaw.encode(pcm), newline=False).decode()}"}}}}'

    def mark(self, name: str) -> str:
        """Say when all before this has been played. `name`: nothing that JSON would escape."""
        return f'{self._mark}{name}"}}}}'
