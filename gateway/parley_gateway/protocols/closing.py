"""The close code and the words for each way in which a session ends, in every protocol."""

from __future__ import annotations

from parley_contract.codes import CloseCode
from parley_gateway.conversation.events import EndReason

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
