"""One client's way in. To know a token or a budget may take a while: a JWKS, Redis."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Any, Protocol

from parley_contract.codes import CloseCode, ErrorCode
from parley_gateway.logs import where
from parley_gateway.ports import ClientLink
from parley_gateway.protocols.admission import Admission, Admitted, Credentials, RefusedError

logger = logging.getLogger(__name__)


class Cancellable(Protocol):
    """Work that is under way."""

    def cancel(self) -> object:
        """It is not wanted any more."""
        ...


Spawn = Callable[[Coroutine[Any, Any, None]], Cancellable]


class Entrance:
    """Asks the door once, in a task of its own, which is cancelled when the client leaves before the answer."""

    def __init__(self, admission: Admission, *, spawn: Spawn = asyncio.create_task) -> None:
        self._admission = admission
        self._spawn = spawn
        self._asking: Cancellable | None = None
        self.asked = False
        """Whether the client has said what it brings: the answer comes, or has come."""

    def ask(
        self,
        link: ClientLink,
        credentials: Credentials,
        *,
        on_admitted: Callable[[Admitted], None],
        on_refused: Callable[[RefusedError], None],
    ) -> None:
        """Ask for a session; exactly one of the two is called, unless the client leaves first."""
        self.asked = True
        self._asking = self._spawn(self._ask(link, credentials, on_admitted, on_refused))

    def leave(self) -> None:
        """The client is gone, or was sent away. A session that it has got already is not touched."""
        if self._asking is not None:
            self._asking.cancel()

    async def _ask(
        self,
        link: ClientLink,
        credentials: Credentials,
        on_admitted: Callable[[Admitted], None],
        on_refused: Callable[[RefusedError], None],
    ) -> None:
        try:
            admitted = await self._admission.admit(link, credentials)
        except RefusedError as refused:
            on_refused(refused)
        except Exception as error:  # noqa: BLE001 - nobody waits for this task
            logger.error("admission made a mistake", extra={"error": where(error)})  # noqa: TRY400 - `where` quotes nobody
            on_refused(_mistaken())
        else:
            on_admitted(admitted)


def _mistaken() -> RefusedError:
    return RefusedError(
        close_code=CloseCode.INTERNAL,
        code=ErrorCode.INTERNAL,
        message="the server made a mistake; connect again",
    )
