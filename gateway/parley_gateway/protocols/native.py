"""The native protocol, `parley.v1`: one client from its handshake to its close, over any WebSocket.

Knows no socket library, no clock and no session but the ports: what comes in are text and binary messages,
what goes out is queued on a `Socket`. docs/protocol.md says what every message means.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from parley_contract.codes import CloseCode, ErrorCode
from parley_contract.limits import LimitsConfig
from parley_contract.native import (
    AudioFormat,
    ClientMessage,
    ErrorMessage,
    Feature,
    InputMute,
    Ping,
    Playback,
    Pong,
    ReplyAudio,
    ServerMessage,
    SessionEnd,
    SessionEnded,
    SessionLimits,
    SessionStart,
    SessionStarted,
)
from parley_gateway.conversation.events import EndReason
from parley_gateway.conversation.notices import InputDropped, Notice
from parley_gateway.ports import LinkCapabilities, SessionInput
from parley_gateway.protocols.admission import Admitted, Credentials, RefusedError
from parley_gateway.protocols.audio import IncomingAudio, OutgoingAudio
from parley_gateway.protocols.closing import CLOSE_CODES, CLOSE_TEXTS
from parley_gateway.protocols.entrance import Entrance
from parley_gateway.protocols.native_events import event_for, playout_of
from parley_gateway.protocols.native_held import Held
from parley_gateway.protocols.native_notices import message_for
from parley_gateway.protocols.native_parse import BadMessageError, parse
from parley_gateway.protocols.observer import ProtocolObserver
from parley_gateway.protocols.rates import LeakyBucket
from parley_gateway.protocols.socket import Socket

_BURST_S = 4
"""So many seconds' messages may come at once, after a stall of the network."""
_LEAD_MS = 400
"""How far ahead of real time a reply is sent: more makes an interruption waste more."""
_REASON_BYTES = 123
"""What a WebSocket close frame has room for."""


class NativeConnection:
    """One client. It is the session's `ClientLink`, and the socket's reader calls the `on_` methods."""

    def __init__(
        self,
        socket: Socket,
        entrance: Entrance,
        *,
        limits: LimitsConfig,
        clock: Callable[[], float],
        observer: ProtocolObserver,
        credentials: Credentials | None = None,
    ) -> None:
        """`credentials` are those of the handshake; a token in `session.start` goes before theirs."""
        self._socket = socket
        self._entrance = entrance
        self._limits = limits
        self._clock = clock
        self._observer = observer
        self._credentials = credentials or Credentials()
        per_second = limits.messages_per_second
        self._control = LeakyBucket(per_second=per_second, capacity=per_second * _BURST_S, clock=clock)
        self._format = AudioFormat()
        self._features: frozenset[str] = frozenset()
        self._admitted: Admitted | None = None
        self._held = Held(rate=self._format.input_rate)
        self._incoming = IncomingAudio(rate=self._format.input_rate, clock=clock)
        self._outgoing = OutgoingAudio(rate=self._format.output_rate)
        self._seq = 0
        self._closed = False

    # --- what the client sends ---

    def on_text(self, text: str) -> None:
        """A text message. Never raises for what is in it."""
        if self._closed or self._over_the_rate() or self._too_big(len(text)):
            return
        try:
            message = parse(text)
        except BadMessageError as bad:
            self._on_bad(bad)
            return
        if self._session is not None:
            self._on_message(message, self._session)
        elif self._entrance.asked:
            self._on_early(message)
        else:
            self._on_first(message)

    def on_bytes(self, data: bytes) -> None:
        """A binary message: audio."""
        if self._closed or self._too_big(len(data)):
            return
        if not self._entrance.asked:
            self._fail(CloseCode.MALFORMED, ErrorCode.NOT_STARTED, "send session.start before audio")
            return
        taken = self._incoming.take(data)
        if self._session is None:
            self._held.audio(taken.pcm)
            return
        if taken.flow_ms is not None:
            self.notify(InputDropped(ms=taken.flow_ms))
        if taken.pcm:
            self._session.audio(taken.pcm)

    def on_start_deadline(self) -> None:
        """The time for the first message is over."""
        if not self._entrance.asked:
            self._fail(
                CloseCode.START_DEADLINE,
                ErrorCode.START_DEADLINE,
                "session.start must follow within 5 s of connecting",
            )

    def on_mistake(self) -> None:
        """The server itself went wrong while it served this client."""
        self._fail(
            CloseCode.INTERNAL,
            ErrorCode.INTERNAL,
            "the server made a mistake; connect again",
            reason=EndReason.INTERNAL,
        )

    def on_too_big(self) -> None:
        """The socket has refused a message over the limit, and closed."""
        self._leave(EndReason.SIZE)

    def on_slow(self) -> None:
        """The client does not read what it is sent; the socket has given up on it."""
        self._leave(EndReason.SLOW_CLIENT)

    def on_disconnect(self) -> None:
        """The client's connection is gone, by whoever's wish."""
        self._leave(EndReason.CLIENT_GONE)

    def refuse(self, refused: RefusedError) -> None:
        """Turn away a client whose session has not begun."""
        if self._session is None:
            self._fail(refused.close_code, refused.code, refused.message)

    # --- what the session sends (ClientLink) ---

    @property
    def capabilities(self) -> LinkCapabilities:
        """As `session.start` asked; before it, the defaults."""
        return LinkCapabilities(
            input_rate=self._format.input_rate,
            output_rate=self._format.output_rate,
            can_pause=Feature.PAUSE in self._features,
            reports_playout=Feature.PLAYBACK in self._features,
            lead_ms=_LEAD_MS,
        )

    def write(self, reply: int, offset_ms: int, pcm: bytes) -> None:
        """Send a reply's audio, unless the reply was cleared."""
        if self._closed or not pcm or self._outgoing.is_stale(reply):
            return
        if self._outgoing.send(reply, offset_ms, pcm):
            self._say(ReplyAudio(reply=reply, offset_ms=offset_ms))
        self._socket.send_bytes(pcm)

    def finish(self, reply: int) -> None:
        """The client counts what it plays by itself."""

    def drop(self, reply: int) -> None:
        """The protocol has no word for it, and the link does not claim it."""

    def clear(self, reply: int) -> None:
        """From now on no byte of the reply is sent; `reply.interrupted` has the client drop what it has."""
        if not self._outgoing.is_stale(reply):
            self._outgoing.clear(reply)
            self._socket.discard_bytes()

    def notify(self, notice: Notice) -> None:
        """Tell the client, if it is still there."""
        if isinstance(notice, InputDropped) and notice.ms:
            self._observer.input_dropped(notice.ms)
        self._say(message_for(notice))

    def end(self, reason: EndReason) -> None:
        """Say why the session ended, and close."""
        self._say_ended(reason)
        self._close(CLOSE_CODES[reason], CLOSE_TEXTS[reason])

    # --- the handshake ---

    def _on_first(self, message: ClientMessage) -> None:
        if not isinstance(message, SessionStart):
            self._fail(
                CloseCode.MALFORMED,
                ErrorCode.NOT_STARTED,
                "the first message must be session.start",
                ref=message.type,
            )
            return
        self._format = message.audio
        self._features = frozenset(message.features)
        self._held = Held(rate=message.audio.input_rate)
        self._incoming = IncomingAudio(rate=message.audio.input_rate, clock=self._clock)
        self._outgoing = OutgoingAudio(rate=message.audio.output_rate)
        self._entrance.ask(
            self, self._brought(message.token), on_admitted=self._on_admitted, on_refused=self.refuse
        )

    def _brought(self, token: str | None) -> Credentials:
        return replace(self._credentials, token=token, in_address=False) if token else self._credentials

    def _on_early(self, message: ClientMessage) -> None:
        """A message that comes while it is still asked whether there will be a session."""
        if isinstance(message, SessionEnd):
            self._close(CloseCode.NORMAL, CLOSE_TEXTS[EndReason.CLIENT_ENDED])
        elif not self._held.message(message):
            self._fail(CloseCode.RATE, ErrorCode.RATE, "too many messages before session.started")

    def _on_admitted(self, admitted: Admitted) -> None:
        self._admitted = admitted
        self._say(self._started(admitted))
        if dropped_ms := self._held.dropped_ms:
            self.notify(InputDropped(dropped_ms))
            self.notify(InputDropped(0))
        for item in self._held.release():
            if self._closed:
                break
            if isinstance(item, bytes):
                admitted.session.audio(item)
            else:
                self._on_message(item, admitted.session)

    def _started(self, admitted: Admitted) -> SessionStarted:
        limits = self._limits
        return SessionStarted(
            session=admitted.id,
            audio=self._format,
            limits=SessionLimits(
                duration=limits.session_duration, idle=limits.idle_timeout, frame_bytes=limits.frame_bytes
            ),
            recorded=admitted.recorded,
        )

    # --- messages of a live session ---

    def _on_message(self, message: ClientMessage, session: SessionInput) -> None:
        match message:
            case Ping(t=t):
                self._say(Pong(t=t))
            case Playback():
                self._on_playback(message, session)
            case InputMute(muted=muted):
                session.mute(muted)
            case SessionStart():
                self._complain(ErrorCode.ALREADY_STARTED, "the session has started already", ref=message.type)
            case SessionEnd():
                session.hang_up(EndReason.CLIENT_ENDED)
                self.end(EndReason.CLIENT_ENDED)
            case _:
                session.event(event_for(message))

    def _on_playback(self, message: Playback, session: SessionInput) -> None:
        if Feature.PLAYBACK in self._features:
            session.event(playout_of(message))
        else:
            self._complain(
                ErrorCode.UNSUPPORTED,
                'playback reports need "playback" among the features of session.start',
                ref=message.type,
            )

    # --- what is wrong ---

    def _on_bad(self, bad: BadMessageError) -> None:
        """Before the session, or from a client that does not speak JSON, nothing good can follow."""
        if self._session is None or bad.code is ErrorCode.NOT_JSON:
            self._fail(CloseCode.MALFORMED, bad.code, bad.message, ref=bad.ref)
        else:
            self._complain(bad.code, bad.message, ref=bad.ref)

    def _over_the_rate(self) -> bool:
        if self._control.take(1):
            return False
        per_second = self._limits.messages_per_second
        message = f"more than {per_second} messages a second"
        self._fail(CloseCode.RATE, ErrorCode.RATE, message, reason=EndReason.RATE)
        return True

    def _too_big(self, length: int) -> bool:
        """The socket layer bounds bytes; this holds where another one does not."""
        if length <= self._limits.frame_bytes:
            return False
        message = f"a message may have at most {self._limits.frame_bytes} bytes"
        self._fail(CloseCode.TOO_BIG, ErrorCode.TOO_BIG, message, reason=EndReason.SIZE)
        return True

    def _complain(self, code: ErrorCode, message: str, *, ref: str | None) -> None:
        self._say(ErrorMessage(code=code, fatal=False, message=message, ref=ref))

    def _fail(
        self,
        close_code: CloseCode,
        code: ErrorCode,
        message: str,
        *,
        ref: str | None = None,
        reason: EndReason = EndReason.PROTOCOL,
    ) -> None:
        self._say(ErrorMessage(code=code, fatal=True, message=message, ref=ref))
        self._say_ended(reason)
        self._close(close_code, message)
        if self._session is not None:
            self._session.hang_up(reason)

    # --- the socket ---

    @property
    def _session(self) -> SessionInput | None:
        return self._admitted.session if self._admitted is not None else None

    def _say_ended(self, reason: EndReason) -> None:
        if self._admitted is not None:
            cost = self._admitted.cost()
            self._say(SessionEnded(reason=reason.value, cost=None if cost is None else f"{cost:f}"))

    def _say(self, message: ServerMessage) -> None:
        if not self._closed:
            self._seq += 1
            numbered = message.model_copy(update={"seq": self._seq})
            self._socket.send_text(numbered.model_dump_json(exclude_none=True))

    def _close(self, code: CloseCode, text: str) -> None:
        if not self._closed:
            self._closed = True
            self._entrance.leave()
            self._socket.close(code, text.encode()[:_REASON_BYTES].decode(errors="ignore"))

    def _leave(self, reason: EndReason) -> None:
        """The socket is of no use any more; the session hears of it once."""
        if not self._closed:
            self._closed = True
            self._entrance.leave()
            if self._session is not None:
                self._session.hang_up(reason)
