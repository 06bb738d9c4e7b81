"""What a client of the native protocol asks for and reports, in the core's words."""

from __future__ import annotations

from parley_contract.native import (
    Dtmf,
    InputClear,
    InputCommit,
    Playback,
    ReplyCancel,
    ReplyCreate,
    TextInput,
)
from parley_gateway.conversation.events import (
    ClearRequested,
    CommitRequested,
    DtmfReceived,
    InterruptRequested,
    PlayoutReported,
    Quality,
    ReplyRequested,
    TextReceived,
)
from parley_gateway.ports import ClientEvent


def event_for(message: InputCommit | InputClear | TextInput | Dtmf | ReplyCreate | ReplyCancel) -> ClientEvent:
    """The event that says what the message says."""
    match message:
        case InputCommit():
            return CommitRequested()
        case InputClear():
            return ClearRequested()
        case TextInput(text=text):
            return TextReceived(text)
        case Dtmf(digit=digit):
            return DtmfReceived(digit)
        case ReplyCreate():
            return ReplyRequested()
        case ReplyCancel():
            return InterruptRequested()


def playout_of(message: Playback) -> PlayoutReported:
    """What the client has played, as the client itself says."""
    return PlayoutReported(
        reply=message.reply,
        ms=message.played_ms,
        quality=Quality.REPORTED,
        finished=message.state == "finished",
    )
