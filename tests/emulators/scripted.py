"""What the HTTP emulators have in common: a script, faults, keys, and the journal's view of a request."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar, Generic, TypeVar

from pydantic import BaseModel, ConfigDict

from tests.emulators.faults import Fault, FaultPlan, FaultStruckError, FaultyBody, Pace
from tests.emulators.http import Exchange
from tests.emulators.journal import fingerprint


class Script(BaseModel):
    """How an emulator behaves. Setting a script anew forgets how far the old one had come."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    keys: list[str] | None = None
    """The API keys that are accepted; None for any."""
    faults: list[Fault] = []
    pace: Pace = Pace()


S = TypeVar("S", bound=Script)


class RefusalError(Exception):
    """A request that the real provider would refuse, too."""

    def __init__(self, status: int, error_type: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.error_type = error_type
        self.message = message


class HttpEmulator(ABC, Generic[S]):
    """One endpoint of one provider."""

    route: ClassVar[str]
    needs_key: ClassVar[bool] = True

    def __init__(self, script: S) -> None:
        self.script = script
        self._plan = FaultPlan(script.faults)
        self.asked = 0

    def set_script(self, script: S) -> None:
        """Behave like this from the next request on."""
        self.script = script
        self._plan = FaultPlan(script.faults)
        self.asked = 0

    def serves(self, exchange: Exchange) -> bool:
        """Whether the request is for this endpoint."""
        return (exchange.method, exchange.path) == ("POST", self.route)

    async def handle(self, exchange: Exchange) -> None:
        """Answer one request."""
        key = self.key(exchange)
        exchange.entry.key = fingerprint(key) if key else None
        fault = self._plan.next()
        try:
            self._check_key(key)
            exchange.entry.body = body = self._json(exchange)
            self.check(exchange, body)
            if fault is not None and fault.kind == "refuse":
                await self._refuse(exchange, self._refusal_of(fault), retry_after=fault.retry_after)
                return
        except RefusalError as refusal:
            await self._refuse(exchange, refusal)
            return
        number, self.asked = self.asked, self.asked + 1
        faulty = FaultyBody(exchange, fault, self.script.pace, error_event=self.error_event(fault))
        try:
            await self.reply(faulty, body, number)
        except FaultStruckError:
            return

    @abstractmethod
    def key(self, exchange: Exchange) -> str | None:
        """The API key of a request."""

    @abstractmethod
    def check(self, exchange: Exchange, body: Any) -> None:
        """Raises RefusalError for what the real provider refuses."""

    @abstractmethod
    async def reply(self, body: FaultyBody, request: Any, number: int) -> None:
        """The answer to the request with this number, counted from 0."""

    @abstractmethod
    def error(self, refusal: RefusalError) -> dict[str, Any]:
        """The provider's error object."""

    def error_event(self, fault: Fault | None) -> bytes:
        """An error within the stream; empty where the format has none."""
        return b""

    def _check_key(self, key: str | None) -> None:
        if not key and not self.needs_key:
            return
        if not key or (self.script.keys is not None and key not in self.script.keys):
            # The real ones show a part of the key as well: it must not get any further.
            raise RefusalError(401, "authentication_error", f"Incorrect API key provided: {key}")

    def _json(self, exchange: Exchange) -> Any:
        try:
            return exchange.json()
        except ValueError:
            raise RefusalError(400, "invalid_request_error", "the body is not JSON") from None

    def _refusal_of(self, fault: Fault) -> RefusalError:
        return RefusalError(fault.status, self.error_type(fault.status), "as scripted")

    def error_type(self, status: int) -> str:
        """The provider's word for a status."""
        return _ERROR_TYPES.get(status, "invalid_request_error" if status < 500 else "api_error")

    async def _refuse(self, exchange: Exchange, refusal: RefusalError, *, retry_after: str | None = None) -> None:
        exchange.entry.outcome = "refused"
        headers = {} if retry_after is None else {"retry-after": retry_after}
        await exchange.answer(refusal.status, self.error(refusal), headers)


def bearer(exchange: Exchange) -> str | None:
    """The key of `Authorization: Bearer …`."""
    scheme, _, key = exchange.headers.get("authorization", "").partition(" ")
    return key if scheme == "Bearer" else None


_ERROR_TYPES = {
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    429: "rate_limit_error",
    529: "overloaded_error",
}
