"""Which client secrets have been used in any pod: each one opens one session. Implements `access.uses.Uses`."""

from __future__ import annotations

from parley_contract.codes import CloseCode, ErrorCode
from parley_gateway.access.uses import Uses
from parley_gateway.protocols.admission import RefusedError
from parley_gateway.state.shared import AwayError, Shared


class SharedUses:
    """This process's own memory first, then that of all."""

    def __init__(self, shared: Shared, *, local: Uses, refuse_while_away: bool) -> None:
        """While what is shared is away, a secret is good once in each pod, or for nobody."""
        self._shared = shared
        self._local = local
        self._refuse_while_away = refuse_while_away

    async def first(self, identifier: str, *, until: float) -> bool:
        """As `Uses.first`."""
        if not await self._local.first(identifier, until=until):
            return False
        try:
            return await self._shared.first(identifier, until=until)
        except AwayError:
            if self._refuse_while_away:
                raise nobody_admitted() from None
            return True


def nobody_admitted() -> RefusedError:
    """What everybody hears while what is shared is away, where that is the choice."""
    return RefusedError(
        close_code=CloseCode.POD_CAP,
        code=ErrorCode.POD_CAP,
        message="this server cannot admit anybody now; connect again in a while",
    )
