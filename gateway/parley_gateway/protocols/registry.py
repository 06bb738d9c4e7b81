"""Which module serves which client protocol. Imported only when configured."""

from __future__ import annotations

from collections.abc import Callable

from parley_contract.limits import LimitsConfig
from parley_contract.protocols import NativeProtocolConfig, ProtocolConfig, TwilioProtocolConfig
from parley_gateway.protocols.admission import Admission
from parley_gateway.protocols.endpoint import Endpoint
from parley_gateway.protocols.observer import ProtocolObserver


def create_endpoint(
    config: ProtocolConfig,
    admission: Admission,
    *,
    limits: LimitsConfig,
    clock: Callable[[], float],
    observer: ProtocolObserver,
) -> Endpoint:
    """The protocol, ready for clients. Raises OSError or ValueError where it lacks what it is told to use."""
    match config:
        case NativeProtocolConfig():
            from parley_gateway.protocols.native_endpoint import NativeEndpoint

            return NativeEndpoint(admission, limits=limits, clock=clock, observer=observer)
        case TwilioProtocolConfig():
            from parley_gateway.protocols.twilio_endpoint import TwilioEndpoint

            return TwilioEndpoint(config, admission, limits=limits, clock=clock, observer=observer)
