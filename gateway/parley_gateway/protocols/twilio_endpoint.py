"""Where Twilio comes in: the stream of a call on each path, and the question what to do with a call below it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from html import escape
from urllib.parse import urlsplit

from parley_contract.limits import LimitsConfig
from parley_contract.protocols import TwilioProtocolConfig
from parley_gateway.protocols.admission import Admission, Credentials
from parley_gateway.protocols.endpoint import Answer, Handshake, Refusal, Webhook
from parley_gateway.protocols.entrance import Entrance
from parley_gateway.protocols.observer import ProtocolObserver
from parley_gateway.protocols.socket import Socket
from parley_gateway.protocols.twilio import TwilioConnection
from parley_gateway.protocols.twilio_signature import TwilioSignature, called_url

_VOICE = "/voice"
_SUBJECT = "twilio"
_WEBSOCKET_SCHEMES = {"http": "ws", "https": "wss"}


class TwilioEndpoint:
    """Implements `Endpoint`."""

    subprotocol: str | None = None

    def __init__(
        self,
        config: TwilioProtocolConfig,
        admission: Admission,
        *,
        limits: LimitsConfig,
        clock: Callable[[], float],
        observer: ProtocolObserver,
    ) -> None:
        """Raises OSError or ValueError where the auth token cannot be read."""
        self._public_url = config.public_url
        self._signature = (
            TwilioSignature(config.auth_token_file, public_url=config.public_url)
            if config.auth_token_file
            else None
        )
        self._admission = admission
        self._limits = limits
        self._clock = clock
        self._observer = observer

    @property
    def webhooks(self) -> Mapping[str, Webhook]:
        """`<path>/voice` is the URL to enter for a telephone number, "when a call comes in"."""
        return {_VOICE: self._on_voice}

    def refusal(self, handshake: Handshake) -> Refusal | None:
        """Without an auth token to check signatures by, the stream has to bring a token of ours when it starts."""
        return self._unsigned(handshake, {})

    def connect(self, socket: Socket, handshake: Handshake) -> TwilioConnection:
        """A call whose signature, if any is needed, has been checked."""
        return TwilioConnection(
            socket,
            Entrance(self._admission),
            limits=self._limits,
            clock=self._clock,
            observer=self._observer,
            credentials=Credentials(
                origin=handshake.headers.get("origin"), vouched=_SUBJECT if self._signature else None
            ),
        )

    def _unsigned(self, handshake: Handshake, fields: Mapping[str, list[str]]) -> Refusal | None:
        if self._signature is None or self._signature.covers(handshake, fields):
            return None
        return Refusal(
            "signature",
            403,
            "X-Twilio-Signature does not fit: check the auth token, and that public_url is what Twilio calls",
        )

    def _on_voice(self, handshake: Handshake, fields: Mapping[str, list[str]]) -> Answer | Refusal:
        """A call has come in: connect it to the stream beside this webhook.

        No token is among the parameters: whoever could ask for this could read it. The stream is signed as well.
        """
        if (refusal := self._unsigned(handshake, fields)) is not None:
            return refusal
        try:
            called = urlsplit(called_url(handshake, self._public_url))
        except ValueError:
            return Refusal("webhook", 400, "the Host header is not one")
        # Plain HTTP is what is left of HTTPS behind a proxy; Twilio itself connects by wss only.
        scheme = _WEBSOCKET_SCHEMES[called.scheme] if self._public_url else "wss"
        return Answer(twiml(f"{scheme}://{called.netloc}{handshake.path.removesuffix(_VOICE)}"), "application/xml")


def twiml(stream_url: str) -> str:
    """The instruction to connect a call to a stream in both directions."""
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<Response><Connect><Stream url="{escape(stream_url)}"/></Connect></Response>\n'
    )
