"""Twilio Media Streams: one telephone call from its handshake to its close, over any WebSocket.

Twilio plays what it is sent at its own pace, tells by marks how far it is, and forgets what it has on `clear`. It
cannot pause and has no words for anything else: notices end here.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace

from parley_contract.codes import CloseCode
from parley_contract.limits import LimitsConfig
from parley_gateway.audio import mulaw
from parley_gateway.conversation.events import DtmfReceived, EndReason
from parley_gateway.conversation.notices import InputDropped, Notice
from parley_gateway.ports import LinkCapabilities, SessionInput
from parley_gateway.protocols.admission import Admitted, Credentials, RefusedError
from parley_gateway.protocols.audio import IncomingAudio
from parley_gateway.protocols.closing import CLOSE_CODES, CLOSE_TEXTS
from parley_gateway.protocols.entrance import Entrance
from parley_gateway.protocols.observer import ProtocolObserver
from parley_gateway.protocols.rates import LeakyBucket
from parley_gateway.protocols.socket import Socket
from parley_gateway.protocols.twilio_marks import Marks
from parley_gateway.protocols.twilio_messages import (
    BadStreamMessageError,
    KeyPressed,
    MarkReturned,
    Media,
    StreamMessage,
    StreamStarted,
    StreamStopped,
    StreamWriter,
    parse,
)

logger = logging.getLogger(__name__)

_LEAD_MS = 1_000
"""Twilio takes all that it is sent, and forgets it at once where the caller interrupts: more ahead than a client
that only estimates, so that a slow network leaves no gap."""
_MESSAGES_PER_S = 100
_MESSAGES_BURST = 1_000
"""Media come 50 times a second; what waited in the network for ten seconds may come at once."""
_EARLY_MS = 5_000
"""Of the caller's audio are kept until the session is there."""
_EARLY_KEYS = 64
"""So many keys as well."""
_SAMPLES_PER_MS = mulaw.RATE // 1000
_CAPABILITIES = LinkCapabilities(
    input_rate=mulaw.RATE,
    output_rate=mulaw.RATE,
    can_pause=False,
    can_drop=True,
    reports_playout=True,
    lead_ms=_LEAD_MS,
)


class TwilioConnection:
    """One call. It is the session's `ClientLink`, and the socket's reader calls the `on_` methods."""

    def __init__(
        self,
        socket: Socket,
        entrance: Entrance,
        *,
        limits: LimitsConfig,
        clock: Callable[[], float],
        observer: ProtocolObserver,
        credentials: Credentials,
    ) -> None:
        """`credentials` are those of the handshake; a token comes with the start message."""
        self._socket = socket
        self._entrance = entrance
        self._limits = limits
        self._observer = observer
        self._credentials = credentials
        self._messages = LeakyBucket(per_second=_MESSAGES_PER_S, capacity=_MESSAGES_BURST, clock=clock)
        self._incoming = IncomingAudio(rate=mulaw.RATE, clock=clock)
        self._early = bytearray()
        self._early_keys: list[str] = []
        self._stream: str | None = None
        self._writer = StreamWriter("")
        self._call = ""
        self._session: SessionInput | None = None
        self._marks = Marks()
        self._cleared = 0
        self._buffered = False
        """Whether Twilio may have media that it has not played."""
        self._complained = False
        self._closed = False

    # --- what Twilio sends ---

    def on_text(self, text: str) -> None:
        """A text message. Never raises for what is in it."""
        if self._closed or self._over_a_bound(len(text)):
            return
        try:
            message = parse(text, self._stream)
        except BadStreamMessageError as bad:
            self._on_bad(bad)
            return
        # Fifty times a second, the others now and then.
        if type(message) is Media:
            self._on_media(message.mulaw)
        elif message is not None:
            self._on_message(message)

    def on_bytes(self, _: bytes) -> None:
        """Twilio sends none."""
        self._fail(CloseCode.MALFORMED, "Media Streams has no binary messages")

    def on_start_deadline(self) -> None:
        """The time for the first message is over."""
        if self._stream is None:
            self._fail(CloseCode.START_DEADLINE, "the start message must follow within 5 s of connecting")

    def on_mistake(self) -> None:
        """The server itself went wrong while it served this call."""
        self._fail(CloseCode.INTERNAL, "the server made a mistake", reason=EndReason.INTERNAL)

    def on_too_big(self) -> None:
        """The socket has refused a message over the limit, and closed."""
        self._leave(EndReason.SIZE)

    def on_slow(self) -> None:
        """Twilio does not read what it is sent; the socket has given up on it."""
        self._leave(EndReason.SLOW_CLIENT)

    def on_disconnect(self) -> None:
        """The connection is gone, by whoever's wish."""
        self._leave(EndReason.CLIENT_GONE)

    def refuse(self, refused: RefusedError) -> None:
        """Turn away a call whose session has not begun."""
        if self._session is None:
            self._fail(refused.close_code, refused.message)

    # --- what the session sends (ClientLink) ---

    @property
    def capabilities(self) -> LinkCapabilities:
        """The same for all calls."""
        return _CAPABILITIES

    def write(self, reply: int, offset_ms: int, pcm: bytes) -> None:
        """Send a reply's audio, unless the reply was cleared."""
        if self._closed or not pcm or reply <= self._cleared:
            return
        self._socket.send_text(self._writer.media(pcm))
        self._buffered = True
        self._set(self._marks.wrote(reply, offset_ms, len(pcm) // 2 // _SAMPLES_PER_MS))

    def finish(self, reply: int) -> None:
        """Ask when the last of it has been played."""
        if not self._closed:
            self._set(self._marks.finished(reply))

    def drop(self, _reply: int) -> None:
        """Have Twilio forget what it has not played; marks that come back for it mean nothing."""
        if not self._closed and self._buffered:
            self._socket.send_text(self._writer.clear)
            self._marks.dropped()
            self._buffered = False

    def clear(self, reply: int) -> None:
        """From now on nothing of the reply is sent, and Twilio forgets what it has."""
        self._cleared = max(self._cleared, reply)
        self.drop(reply)

    def notify(self, notice: Notice) -> None:
        """There is nobody to tell; but what is left out is counted."""
        if isinstance(notice, InputDropped) and notice.ms:
            self._observer.input_dropped(notice.ms)

    def end(self, reason: EndReason) -> None:
        """Close. Twilio then goes on with what follows `<Connect>`, which is nothing in our TwiML: it hangs up."""
        self._close(CLOSE_CODES[reason], CLOSE_TEXTS[reason])

    def _set(self, mark: str | None) -> None:
        if mark is not None:
            self._socket.send_text(self._writer.mark(mark))

    # --- messages ---

    def _on_message(self, message: StreamMessage) -> None:
        match message:
            case MarkReturned(name):
                if self._session is not None and (report := self._marks.returned(name)) is not None:
                    self._session.event(report)
            case KeyPressed(digit):
                self._on_key(digit)
            case StreamStopped():
                self._leave(EndReason.CLIENT_ENDED)
                self._socket.close(CLOSE_CODES[EndReason.CLIENT_ENDED], CLOSE_TEXTS[EndReason.CLIENT_ENDED])
            case StreamStarted():
                self._on_start(message)

    def _on_media(self, data: bytes) -> None:
        taken = self._incoming.take(mulaw.decode(data))
        if taken.flow_ms is not None:
            self.notify(InputDropped(ms=taken.flow_ms))
        if self._session is not None:
            self._session.audio(taken.pcm)
        elif len(self._early) < _EARLY_MS * _SAMPLES_PER_MS * 2:
            self._early += taken.pcm

    def _on_key(self, digit: str) -> None:
        if self._session is not None:
            self._session.event(DtmfReceived(digit))
        elif len(self._early_keys) < _EARLY_KEYS:
            self._early_keys.append(digit)

    def _on_start(self, start: StreamStarted) -> None:
        self._stream = start.stream
        self._call = start.call
        self._writer = StreamWriter(start.stream)
        self._entrance.ask(
            self,
            replace(self._credentials, token=start.token),
            on_admitted=self._on_admitted,
            on_refused=self.refuse,
        )

    def _on_admitted(self, admitted: Admitted) -> None:
        self._session = admitted.session
        logger.info("call connected", extra={"session": admitted.id, "call": self._call})
        early, self._early = bytes(self._early), bytearray()
        if early:
            self._session.audio(early)
        keys, self._early_keys = self._early_keys, []
        for digit in keys:
            self._session.event(DtmfReceived(digit))

    # --- what is wrong ---

    def _on_bad(self, bad: BadStreamMessageError) -> None:
        """Nothing good can follow before the session; a call that is under way is not ended for it."""
        if self._session is None:
            self._fail(CloseCode.MALFORMED, str(bad))
        elif not self._complained:
            self._complained = True
            logger.warning(
                "a message of a call was not understood", extra={"call": self._call, "problem": str(bad)}
            )

    def _over_a_bound(self, length: int) -> bool:
        """The socket layer bounds bytes; this holds where another one does not."""
        if length > self._limits.frame_bytes:
            bound = self._limits.frame_bytes
            self._fail(CloseCode.TOO_BIG, f"a message may have at most {bound} bytes", reason=EndReason.SIZE)
            return True
        if not self._messages.take(1):
            self._fail(CloseCode.RATE, f"more than {_MESSAGES_PER_S} messages a second", reason=EndReason.RATE)
            return True
        return False

    def _fail(self, code: CloseCode, text: str, *, reason: EndReason = EndReason.PROTOCOL) -> None:
        if not self._closed:
            self._close(code, text)
            self._hang_up(reason)

    # --- the socket ---

    def _close(self, code: CloseCode, text: str) -> None:
        if not self._closed:
            self._closed = True
            self._socket.close(code, text)

    def _leave(self, reason: EndReason) -> None:
        """The socket is of no use any more; the session hears of it once."""
        if not self._closed:
            self._closed = True
            self._hang_up(reason)

    def _hang_up(self, reason: EndReason) -> None:
        self._entrance.leave()
        if self._session is not None:
            self._session.hang_up(reason)
