"""What the session tells a client, in the native protocol's words."""

from __future__ import annotations

from parley_contract.native import (
    BudgetWarning,
    ErrorMessage,
    Flow,
    ReplyEnded,
    ReplyInterrupted,
    ReplyPaused,
    ReplyResumed,
    ReplyStarted,
    ReplyTextMessage,
    ServerMessage,
    SessionDraining,
    SpeechStartedMessage,
    SpeechStoppedMessage,
    ToolEnded,
    ToolStarted,
    Transcript,
)
from parley_gateway.conversation.notices import (
    BudgetNearlyUsed,
    CallerQuiet,
    CallerSpeaks,
    Draining,
    InputDropped,
    Notice,
    Problem,
    ReplyBegan,
    ReplyContinued,
    ReplyCutShort,
    ReplyHeld,
    ReplyOver,
    ReplyTextAdded,
    ToolBegan,
    ToolOver,
    TranscriptUpdated,
)

_ReplyNotice = ReplyBegan | ReplyTextAdded | ReplyHeld | ReplyContinued | ReplyCutShort | ReplyOver
_CallerNotice = CallerSpeaks | CallerQuiet | TranscriptUpdated | InputDropped


def message_for(notice: Notice) -> ServerMessage:
    """The message that says what the notice says; `seq` is still to be given."""
    match notice:
        case CallerSpeaks() | CallerQuiet() | TranscriptUpdated() | InputDropped():
            return _about_caller(notice)
        case ToolBegan(call, name):
            return ToolStarted(call=call, name=name)
        case ToolOver(call, name, status):
            return ToolEnded(call=call, name=name, status=status.value)
        case BudgetNearlyUsed(scope, spent, limit, currency):
            return BudgetWarning(scope=scope, spent=f"{spent:f}", limit=f"{limit:f}", currency=currency)
        case Draining(deadline_s, reconnect_after_s):
            return SessionDraining(deadline=deadline_s, reconnect_after=reconnect_after_s)
        case Problem(code, text):
            return ErrorMessage(code=code, fatal=False, message=text)
        case _:
            return _about_reply(notice)


def _about_caller(notice: _CallerNotice) -> ServerMessage:
    match notice:
        case CallerSpeaks():
            return SpeechStartedMessage()
        case CallerQuiet(audio_ms):
            return SpeechStoppedMessage(audio_ms=audio_ms)
        case TranscriptUpdated(turn, rev, text, final):
            return Transcript(turn=turn, rev=rev, text=text, final=final)
        case InputDropped(ms):
            return Flow(input="dropping" if ms else "ok", dropped_ms=ms)


def _about_reply(notice: _ReplyNotice) -> ServerMessage:
    match notice:
        case ReplyBegan(reply):
            return ReplyStarted(reply=reply)
        case ReplyTextAdded(reply, segment, delta):
            return ReplyTextMessage(reply=reply, segment=segment, delta=delta)
        case ReplyHeld(reply):
            return ReplyPaused(reply=reply)
        case ReplyContinued(reply):
            return ReplyResumed(reply=reply)
        case ReplyCutShort(reply, heard):
            return ReplyInterrupted(reply=reply, heard=heard.text, heard_ms=heard.ms, quality=heard.quality.value)
        case ReplyOver(reply, status):
            return ReplyEnded(reply=reply, status=status.value)
