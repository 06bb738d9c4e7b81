"""Providers whose audio has the rate that they are asked for: each session's own, so that nothing is resampled."""

from __future__ import annotations

from typing import Protocol, Self, TypeVar, runtime_checkable

P = TypeVar("P")


@runtime_checkable
class AnyRate(Protocol):
    """A provider that is not bound to one sample rate."""

    def at(self, rate: int) -> Self:
        """The same provider with audio of that rate in Hz, if it takes it, else of the rate nearest to its own.

        Connections, keys and what is open are shared by all that are made of one.
        """
        ...


def at_rate(provider: P, rate: int) -> P:
    """The provider for a session whose client has that rate; what cannot choose stays as it is."""
    return provider.at(rate) if isinstance(provider, AnyRate) else provider
