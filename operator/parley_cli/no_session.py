"""Why `parley talk` got no session, with the option of this command that mends it."""

from __future__ import annotations

from parley_client import AbsentError, RefusedError, UnreachableError, UnresolvedError, UntrustedError
from parley_client.target import Target
from parley_contract.codes import CloseCode


def advised(error: UnreachableError | RefusedError, target: Target) -> str:
    """One line."""
    match error:
        case RefusedError(code=CloseCode.UNAUTHENTICATED) if not target.token:
            # The gateway tells of headers and subprotocols, which are for those who write clients.
            return f"the agent wants a token: give it with --token-file FILE, or in PARLEY_TOKEN ({error.code})"
        case RefusedError(code=CloseCode.UNAUTHENTICATED):
            return f"{error}: give another with --token-file FILE, or in PARLEY_TOKEN"
        case UntrustedError():
            return f"{error}. Name its authority with --ca-file FILE; for a first try, --insecure takes any"
        case AbsentError():
            return f"{error}. `parley status NAME` says which; `parley resume NAME` ends a suspension"
        case UnresolvedError() if target.address is None:
            return f"{error}. Say where to connect with --connect HOST:PORT: the ingress controller's own address"
        case _:
            return str(error)
