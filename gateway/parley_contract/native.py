"""The messages of the native protocol `parley.v1`, as models: parsed by the gateway, used by its clients.

Control messages are JSON text frames with a `type`; binary frames are audio both ways (s16le mono). Every
server message carries `seq`, counted from 1 per session. docs/protocol.md is the prose; the JSON schema is
generated from here.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from parley_contract.versions import SUBPROTOCOL

TOKEN_SUBPROTOCOL_PREFIX = "parley.token."  # noqa: S105 - a prefix, not a token
TEXT_LIMIT = 8000
"""Characters of a typed turn."""
SampleRate = Literal[8000, 16000, 24000, 48000]


class Feature(StrEnum):
    """What a client can do beyond the minimum; it says so in `session.start`."""

    PLAYBACK = "playback"
    """It sends `playback` reports, so that what was heard is known rather than estimated."""
    PAUSE = "pause"
    """It holds what it has buffered between `reply.paused` and `reply.resumed`."""


LONGEST_SESSION_MS = 7 * 24 * 3600 * 1000
"""Positions beyond this are mistakes, in any session."""


class Message(BaseModel):
    """Unknown fields are ignored, so that either side may be newer than the other."""

    model_config = ConfigDict(extra="ignore", frozen=True)


# --- client to server ---


class AudioFormat(Message):
    """Sample rates (Hz) of the binary frames: s16le mono, split anywhere."""

    input_rate: SampleRate = 16000
    output_rate: SampleRate = 24000


class SessionStart(Message):
    """First message, within five seconds of connecting."""

    type: Literal["session.start"] = "session.start"
    token: str | None = Field(default=None, max_length=4096, repr=False)
    audio: AudioFormat = AudioFormat()
    features: list[Annotated[str, Field(max_length=64)]] = Field(default=[], max_length=32)
    """Each a `Feature`; unknown ones are ignored."""


class InputCommit(Message):
    """The caller has finished: end the turn now, whatever the recogniser thinks."""

    type: Literal["input.commit"] = "input.commit"


class InputClear(Message):
    """Forget what was heard of the present turn."""

    type: Literal["input.clear"] = "input.clear"


class InputMute(Message):
    """Whether audio that arrives is to be ignored."""

    type: Literal["input.mute"] = "input.mute"
    muted: bool = True


class TextInput(Message):
    """A typed turn instead of a spoken one."""

    type: Literal["text"] = "text"
    text: str = Field(min_length=1, max_length=TEXT_LIMIT, repr=False)
    id: str | None = Field(default=None, max_length=128)


class Dtmf(Message):
    """A key of a telephone was pressed."""

    type: Literal["dtmf"] = "dtmf"
    digit: str = Field(pattern=r"^[0-9*#A-D]$")


class ReplyCreate(Message):
    """Ask the agent to speak without a turn of the caller."""

    type: Literal["reply.create"] = "reply.create"


class ReplyCancel(Message):
    """Stop the agent's reply, as barge-in would."""

    type: Literal["reply.cancel"] = "reply.cancel"


class Playback(Message):
    """What the client has really played of a reply, from clients with the feature `playback`.

    `finished`: all that has come of it so far was played.
    """

    type: Literal["playback"] = "playback"
    reply: int = Field(ge=1, le=2**31)
    played_ms: int = Field(ge=0, le=LONGEST_SESSION_MS)
    buffered_ms: int = Field(default=0, ge=0, le=LONGEST_SESSION_MS)
    state: Literal["playing", "paused", "finished"] = "playing"


class Ping(Message):
    """Answered by `pong` with the same `t`."""

    type: Literal["ping"] = "ping"
    t: float = Field(allow_inf_nan=False)


class SessionEnd(Message):
    """Hang up."""

    type: Literal["session.end"] = "session.end"


ClientMessage = Annotated[
    SessionStart
    | InputCommit
    | InputClear
    | InputMute
    | TextInput
    | Dtmf
    | ReplyCreate
    | ReplyCancel
    | Playback
    | Ping
    | SessionEnd,
    Field(discriminator="type"),
]
CLIENT_MESSAGE: TypeAdapter[ClientMessage] = TypeAdapter(ClientMessage)
LATER_CLIENT_MESSAGES = frozenset({"session.resume", "session.update"})
"""Named in the protocol but not served by this release: refused with `unsupported`."""


# --- server to client ---


class ServerMessage(Message):
    """Everything the server says."""

    seq: int = Field(default=0, ge=0)


class SessionLimits(Message):
    """What this session may use, in seconds and bytes."""

    duration: float
    idle: float
    frame_bytes: int


class SessionStarted(ServerMessage):
    """The session is live; audio may flow."""

    type: Literal["session.started"] = "session.started"
    protocol: str = SUBPROTOCOL
    session: str
    limits: SessionLimits
    audio: AudioFormat
    recorded: bool = False
    """Whether the session's audio is kept. Tell the caller where the law or courtesy asks for it."""


class SpeechStartedMessage(ServerMessage):
    """The caller began to speak."""

    type: Literal["speech.started"] = "speech.started"


class SpeechStoppedMessage(ServerMessage):
    """The caller stopped speaking, `audio_ms` into the audio received."""

    type: Literal["speech.stopped"] = "speech.stopped"
    audio_ms: int


class Transcript(ServerMessage):
    """What the caller is understood to say; later `rev`s of a turn replace earlier ones."""

    type: Literal["transcript"] = "transcript"
    turn: int
    rev: int
    text: str = Field(repr=False)
    final: bool


class ReplyStarted(ServerMessage):
    """The agent begins to answer."""

    type: Literal["reply.started"] = "reply.started"
    reply: int


class ReplyTextMessage(ServerMessage):
    """More of what the agent says, a sentence or part of one per `segment`."""

    type: Literal["reply.text"] = "reply.text"
    reply: int
    segment: int
    delta: str = Field(repr=False)


class ReplyAudio(ServerMessage):
    """The binary frames that follow belong to `reply` from `offset_ms` on."""

    type: Literal["reply.audio"] = "reply.audio"
    reply: int
    offset_ms: int


class ReplyPaused(ServerMessage):
    """Hold what is buffered of the reply: perhaps the caller interrupts."""

    type: Literal["reply.paused"] = "reply.paused"
    reply: int


class ReplyResumed(ServerMessage):
    """It was no interruption: play on."""

    type: Literal["reply.resumed"] = "reply.resumed"
    reply: int


class ReplyInterrupted(ServerMessage):
    """The reply was stopped: drop what is buffered. No byte of it follows."""

    type: Literal["reply.interrupted"] = "reply.interrupted"
    reply: int
    heard: str = Field(repr=False)
    heard_ms: int
    quality: Literal["reported", "mark", "estimated"]


class ReplyEnded(ServerMessage):
    """Nothing more of this reply follows."""

    type: Literal["reply.ended"] = "reply.ended"
    reply: int
    status: Literal["completed", "interrupted", "failed"]


class ToolStarted(ServerMessage):
    """The agent calls a tool."""

    type: Literal["tool.started"] = "tool.started"
    call: str
    name: str


class ToolEnded(ServerMessage):
    """The tool has answered, or failed; `unknown`: whether anything was done is not known."""

    type: Literal["tool.ended"] = "tool.ended"
    call: str
    name: str
    status: Literal["succeeded", "failed", "unknown"]


class BudgetWarning(ServerMessage):
    """So much of what may be spent was spent, as quoted decimals: by the session, its user or the deployment."""

    type: Literal["budget.warning"] = "budget.warning"
    scope: Literal["session", "user", "deployment"]
    spent: str
    limit: str
    currency: str


class Flow(ServerMessage):
    """Audio of the caller was too much or too late, and `dropped_ms` of it was left out."""

    type: Literal["flow"] = "flow"
    input: Literal["ok", "dropping"]
    dropped_ms: int


class SessionDraining(ServerMessage):
    """This server is going away: finish within `deadline` seconds."""

    type: Literal["session.draining"] = "session.draining"
    deadline: float
    reconnect_after: float


class SessionEnded(ServerMessage):
    """The last message of every session that started."""

    type: Literal["session.ended"] = "session.ended"
    reason: str
    cost: str | None = None
    """What it cost, as a quoted decimal in US dollars; absent where nothing is counted."""


class ErrorMessage(ServerMessage):
    """Something was wrong; `fatal` ones are followed by a close. `ref` is the `id` or `type` it is about.

    `code` is an `ErrorCode`, or one that a later server has added.
    """

    type: Literal["error"] = "error"
    code: str
    fatal: bool
    message: str
    ref: str | None = None


class Pong(ServerMessage):
    """Answer to `ping`."""

    type: Literal["pong"] = "pong"
    t: float


AnyServerMessage = Annotated[
    SessionStarted
    | SpeechStartedMessage
    | SpeechStoppedMessage
    | Transcript
    | ReplyStarted
    | ReplyTextMessage
    | ReplyAudio
    | ReplyPaused
    | ReplyResumed
    | ReplyInterrupted
    | ReplyEnded
    | ToolStarted
    | ToolEnded
    | BudgetWarning
    | Flow
    | SessionDraining
    | SessionEnded
    | ErrorMessage
    | Pong,
    Field(discriminator="type"),
]
SERVER_MESSAGE: TypeAdapter[AnyServerMessage] = TypeAdapter(AnyServerMessage)
