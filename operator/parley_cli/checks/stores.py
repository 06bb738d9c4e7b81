"""Whether Redis and PostgreSQL take the addresses that Secrets hold: each by a question that changes nothing.

They are asked by their own clients, which are packages of their own: one that is not installed is said, and so is
a server that only the cluster reaches, as most are.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple, Protocol

from parley_cli.checks.secret_values import (
    DEADLINE_S,
    Contents,
    by_credential,
    decoded,
    is_clusters_own,
    key_of_secret,
)
from parley_cli.checks.verdict import Verdict, failing, ok, warning
from parley_operator.kube.objects import Json


class Answer(Enum):
    """How a server took to its address."""

    TAKEN = "taken"
    REFUSED = "refused"
    """It answered, and will not have us: another password, or another database."""
    AWAY = "away"
    """Nobody answered whom we could understand."""


class Told(NamedTuple):
    """An answer, and what was said with it in words that hold no secret."""

    answer: Answer
    why: str = ""


class StoreProbe(Protocol):
    """A module that asks one kind of server."""

    def hosts(self, url: str) -> list[str]:
        """Of an address; raises ValueError for what is none, without quoting it."""

    async def asked(self, url: str, *, within: float) -> Told:
        """By an address, within so many seconds."""


@dataclass(frozen=True, slots=True)
class Store:
    """An address in a Secret, and what answers there."""

    secret: str
    key: str
    kind: str

    def __str__(self) -> str:
        """As the report names it."""
        return key_of_secret(self.secret, self.key)


class _Kind(NamedTuple):
    block: str
    name: str
    """Of the part of that block that has the address."""
    extra: str
    """That brings its client."""
    form: str


KINDS: Mapping[str, _Kind] = {
    "Redis": _Kind("sessions", "redis", "redis", "redis://user:password@host:6379/0"),
    "PostgreSQL": _Kind("records", "postgres", "postgres", "postgresql://user:password@host/database"),
}


def stores(bodies: Iterable[Json]) -> dict[Store, list[str]]:
    """Every address that these resources name, with the places that do."""
    return by_credential(found for body in bodies for found in _stores(body))


async def stores_tried(uses: Mapping[Store, list[str]], contents: Contents) -> list[Verdict]:
    """Each once, side by side."""
    asked = (_tried(store, contents[store.secret], where=", ".join(where)) for store, where in uses.items())
    return list(await asyncio.gather(*asked))


def _stores(body: Json) -> Iterator[tuple[Store, str]]:
    name, spec = body["metadata"]["name"], body["spec"]
    for kind, about in KINDS.items():
        said = (spec.get(about.block) or {}).get(about.name)
        if said:
            ref = said["url"]["secretKeyRef"]
            yield Store(ref["name"], ref["key"], kind), f"{name} spec.{about.block}.{about.name}.url"


def _probe(kind: str) -> StoreProbe:
    """Loaded once it is needed. Raises ImportError where its client is not installed."""
    if kind == "Redis":
        from parley_cli.checks import redis_probe

        return redis_probe
    from parley_cli.checks import postgres_probe

    return postgres_probe


async def _tried(store: Store, data: Mapping[str, str], *, where: str) -> Verdict:
    subject, kind = str(store), KINDS[store.kind]
    try:
        probe = _probe(store.kind)
    except ImportError:
        said = f"is not tried: the client of {store.kind} is not installed here ({where})"
        return warning(subject, said, f"pip install 'parley-voice[{kind.extra}]'")
    url = decoded(data.get(store.key))
    try:
        hosts = probe.hosts(url or "")
    except ValueError:
        return failing(subject, f"holds no address of {store.kind} ({where})", f"put {kind.form} there")
    if own := next(filter(is_clusters_own, hosts), None):
        said = f"is not tried: {own} is a name of the cluster's own ({where})"
        return warning(subject, said, "go by what the pods say of it")
    return _verdict(store, await probe.asked(url or "", within=DEADLINE_S), where=where)


def _verdict(store: Store, told: Told, *, where: str) -> Verdict:
    subject = str(store)
    match told.answer:
        case Answer.TAKEN:
            return ok(subject, f"{store.kind} takes it{told.why}")
        case Answer.REFUSED:
            mend = f"put the address with the right user, password and database into key {store.key} of Secret "
            return failing(
                subject, f"{store.kind} refuses it: {told.why} ({where})", f"{mend}{store.secret}, as pods take it"
            )
        case Answer.AWAY:
            said = f"{store.kind} is not reached from here: {told.why} ({where})"
            return warning(
                subject, said, "most are reached from inside the cluster alone: go by what the pods say"
            )
