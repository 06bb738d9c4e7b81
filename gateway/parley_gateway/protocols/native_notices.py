"""What the session tells a client, in the native protocol's words."""

from __future__ import annotations

from parley_contract.native import (
    BudgetWarning,
    CloseCode,
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
from parley_gateway.conversation.events import EndReason
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

CLOSE_CODES = {
    EndReason.CLIENT_ENDED: CloseCode.NORMAL,
    EndReason.CLIENT_GONE: CloseCode.NORMAL,
    EndReason.IDLE: CloseCode.IDLE,
    EndReason.DURATION: CloseCode.DURATION,
    EndReason.BUDGET: CloseCode.BUDGET,
    EndReason.DRAINED: CloseCode.DRAINING,
    EndReason.PROVIDERS_FAILED: CloseCode.PROVIDERS,
    EndReason.PROTOCOL: CloseCode.MALFORMED,
    EndReason.RATE: CloseCode.RATE,
    EndReason.SIZE: CloseCode.TOO_BIG,
    EndReason.SLOW_CLIENT: CloseCode.TOO_SLOW,
    EndReason.INTERNAL: CloseCode.INTERNAL,
}
CLOSE_TEXTS = {
    EndReason.CLIENT_ENDED: "the client ended the session",
    EndReason.CLIENT_GONE: "the client is gone",
    EndReason.IDLE: "nobody said anything for too long",
    EndReason.DURATION: "the session reached its longest duration",
    EndReason.BUDGET: "the session reached what may be spent",
    EndReason.DRAINED: "this server is going away; connect again",
    EndReason.PROVIDERS_FAILED: "a provider of speech or language failed",
    EndReason.PROTOCOL: "the client broke the protocol",
    EndReason.RATE: "the client sent too many messages",
    EndReason.SIZE: "the client sent a message over the limit",
    EndReason.SLOW_CLIENT: "the client does not read what it is sent",
    EndReason.INTERNAL: "the server made a mistake; connect again",
}


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
