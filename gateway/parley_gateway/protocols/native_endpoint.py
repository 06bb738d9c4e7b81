"""Where clients of the native protocol come in."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from parley_contract.limits import LimitsConfig
from parley_contract.versions import SUBPROTOCOL
from parley_gateway.protocols.admission import Admission, Credentials, RefusedError
from parley_gateway.protocols.endpoint import Handshake, Refusal, Webhook
from parley_gateway.protocols.entrance import Entrance
from parley_gateway.protocols.native import NativeConnection
from parley_gateway.protocols.native_credentials import credentials_in
from parley_gateway.protocols.observer import ProtocolObserver
from parley_gateway.protocols.socket import Socket


class NativeEndpoint:
    """Implements `Endpoint`."""

    subprotocol: str | None = SUBPROTOCOL
    webhooks: Mapping[str, Webhook] = {}

    def __init__(
        self,
        admission: Admission,
        *,
        limits: LimitsConfig,
        clock: Callable[[], float],
        observer: ProtocolObserver,
    ) -> None:
        self._admission = admission
        self._limits = limits
        self._clock = clock
        self._observer = observer

    def refusal(self, handshake: Handshake) -> Refusal | None:
        """A client that offers subprotocols must offer ours."""
        if handshake.subprotocols and SUBPROTOCOL not in handshake.subprotocols:
            return Refusal("subprotocol", 400, f"this path speaks the WebSocket subprotocol {SUBPROTOCOL}")
        return None

    def connect(self, socket: Socket, handshake: Handshake) -> NativeConnection:
        """One whose token cannot be read is already on its way out."""
        refused: RefusedError | None = None
        credentials = Credentials()
        try:
            credentials = credentials_in(handshake)
        except RefusedError as error:
            refused = error
        connection = NativeConnection(
            socket,
            Entrance(self._admission),
            limits=self._limits,
            clock=self._clock,
            observer=self._observer,
            credentials=credentials,
        )
        if refused:
            connection.refuse(refused)
        return connection
