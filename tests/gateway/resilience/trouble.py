"""What can be wrong with a provider, the same for every stage, as the table in docs/faults.md names it."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from tests.emulators.emulators import Emulators
from tests.emulators.faults import Fault

HOST = "provider.test"
"""The name under which the first provider is known; `names` decides whether it can be resolved."""


@dataclass(frozen=True)
class Trouble:
    """One thing that is wrong, from some moment on and for good."""

    name: str
    fault: Fault | None = None
    keys: tuple[str, ...] | None = None
    dns: bool = False

    def begin(
        self, emulators: Emulators, provider: str, names: Names, *, after: int = 0, times: int | None = None
    ) -> None:
        """From now on; a fault in mid-answer strikes after so many pieces of it."""
        if self.dns:
            names.away = True
            emulators.hang_up()
        endpoint: Any = getattr(emulators, provider)
        changed: dict[str, Any] = {} if self.keys is None else {"keys": list(self.keys)}
        if self.fault is not None:
            in_the_middle = self.name.endswith("mid-answer")
            fault = self.fault.model_copy(update={"after": after if in_the_middle else 0, "times": times})
            changed["faults"] = [fault]
        endpoint.set_script(endpoint.script.model_copy(update=changed))


def _always(**fault: Any) -> Fault:
    return Fault(times=None, **fault)


REFUSES = Trouble("refuses", _always(kind="refuse", status=503))
STALLS = Trouble("stalls", _always(kind="stall"))
CUTS = Trouble("cuts in mid-answer", _always(kind="cut"))
STALLS_IN_MID_ANSWER = Trouble("stalls in mid-answer", _always(kind="stall"))
GARBAGE = Trouble("sends garbage", _always(kind="garbage"))
RATE_LIMITED = Trouble("429 with Retry-After", _always(kind="refuse", status=429, retry_after="30"))
KEY_EXPIRED = Trouble("key expired", keys=("sk-the-new-one",))
NO_DNS = Trouble("DNS fails", dns=True)
AT_ONCE = [REFUSES, STALLS, GARBAGE, RATE_LIMITED, KEY_EXPIRED, NO_DNS]
IN_MID_ANSWER = [CUTS, STALLS_IN_MID_ANSWER]
ALL = AT_ONCE + IN_MID_ANSWER


def each(troubles: list[Trouble]) -> Callable[[Any], Any]:
    """A test for each of them."""
    return pytest.mark.parametrize(
        "trouble", troubles, ids=[trouble.name.replace(" ", "_") for trouble in troubles]
    )


class Names:
    """A resolver that knows `HOST`, until it does not."""

    def __init__(self) -> None:
        self.away = False


@contextmanager
def resolving(monkeypatch: pytest.MonkeyPatch) -> Iterator[Names]:
    """`HOST` is this machine, as far as the standard library's resolver is asked."""
    names, resolve = Names(), socket.getaddrinfo

    def getaddrinfo(host: Any, *arguments: Any, **options: Any) -> Any:
        if host in (HOST, HOST.encode()):
            if names.away:
                raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")
            host = "127.0.0.1"
        return resolve(host, *arguments, **options)

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    yield names
