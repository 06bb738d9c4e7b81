"""What can be wrong with a provider, the same for every stage, as the tables in docs/faults.md name it."""

from __future__ import annotations

import socket
from collections.abc import Iterator
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

    @property
    def in_the_middle(self) -> bool:
        """Whether an answer is begun."""
        return self.name.endswith("mid-answer")

    @property
    def is_silence(self) -> bool:
        """Whether nothing tells of it but that time passes."""
        return self.fault is not None and self.fault.kind == "stall"

    def begin(self, emulators: Emulators, provider: str, names: Names, *, after: int = 0) -> None:
        """From now on; a fault in mid-answer strikes after so many pieces of it."""
        if self.dns:
            names.away = True
            emulators.hang_up()
        changed: dict[str, Any] = {} if self.keys is None else {"keys": list(self.keys)}
        if self.fault is not None:
            changed["faults"] = [self.fault.model_copy(update={"after": after if self.in_the_middle else 0})]
        _change(emulators, provider, changed)

    def end(self, emulators: Emulators, provider: str, names: Names) -> None:
        """All is well again."""
        names.away = False
        _change(emulators, provider, {"faults": [], "keys": None})


def _change(emulators: Emulators, provider: str, changed: dict[str, Any]) -> None:
    endpoint: Any = getattr(emulators, provider)
    endpoint.set_script(endpoint.script.model_copy(update=changed))


def _always(**fault: Any) -> Fault:
    return Fault(times=None, **fault)


REFUSES = Trouble("refuses", _always(kind="refuse", status=503))
STALLS = Trouble("stalls", _always(kind="stall"))
CUTS = Trouble("cuts in mid-answer", _always(kind="cut"))
STALLS_IN_MID_ANSWER = Trouble("stalls in mid-answer", _always(kind="stall"))
GARBAGE = Trouble("sends garbage", _always(kind="garbage"))
RATE_LIMITED = Trouble("429 with Retry-After: 30", _always(kind="refuse", status=429, retry_after="30"))
BUSY = Trouble("429 with Retry-After: 0.5", Fault(kind="refuse", status=429, retry_after="0.5", times=1))
KEY_EXPIRED = Trouble("key expired", keys=("sk-the-new-one",))
NO_DNS = Trouble("DNS fails", dns=True)
ALL = [
    *(REFUSES, STALLS, GARBAGE, CUTS, STALLS_IN_MID_ANSWER),
    *(RATE_LIMITED, BUSY, KEY_EXPIRED, NO_DNS),
]


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
