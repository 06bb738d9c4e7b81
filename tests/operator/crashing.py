"""Lives of the operator that are cut short at one request, and what the next one makes of what is there."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

from tests.operator.cluster import Json, Namespace
from tests.operator.life import Killed, Rights, born, settle, soon
from tests.operator.picture import Picture, picture

NAME = "receptionist"
SIDE_BY_SIDE = 6
"""Namespaces that are worked on at the same time."""


async def beside(namespace: Namespace, suffix: str) -> Namespace:
    """A namespace beside the test's own."""
    place = Namespace(namespace.client, f"{namespace.name}-{suffix}")
    body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": place.name}}
    await namespace.client.create("/api/v1/namespaces", body, field_manager="test")
    return place


async def respecified(place: Namespace, spec: Json) -> None:
    body = await place.get("VoiceDeployment", NAME)
    await place.client.replace(place.path("VoiceDeployment", NAME), {**body, "spec": spec})


async def killed(place: Namespace, rights: Rights, *, after: int, clock: Callable[[], datetime] = soon) -> bool:
    """Reconcile until death; False where the life came to its end before."""
    life = await born(place, rights, dies=lambda requests: len(requests) == after, clock=clock)
    try:
        await life.reconcile(NAME)
    except Killed:
        return True
    return False


async def killed_again_and_again(place: Namespace, rights: Rights) -> AsyncIterator[str]:
    """Life after life, each killed after its first write that none before it came to; these writes."""
    done: Counter[str] = Counter()
    while True:
        life = await born(place, rights, dies=lambda requests: _is_further(requests, done))
        try:
            await life.reconcile(NAME)
        except Killed:
            *_, last = life.client.requests
            done[last] += 1
            yield last
        else:
            return


def _is_further(requests: list[str], done: Counter[str]) -> bool:
    """Whether the last one writes, and goes beyond what is done: some, as events, are made several times."""
    *_, last = requests
    return not last.startswith("GET") and requests.count(last) > done[last]


async def made_good(place: Namespace, rights: Rights, undisturbed: Picture, *, lives: int = 1) -> list[str]:
    """Let the next processes finish; returns what is then not as it would have been.

    A life does not hear of what it deletes itself: where something waits for that, the next one makes it.
    """
    for _ in range(lives):
        await settle(place, rights, NAME)
    seen = await picture(place, rights.apis)
    wrong = [f"{key} differs" for key in seen.keys() & undisturbed.keys() if seen[key] != undisturbed[key]]
    return wrong + [f"{key} is too many or missing" for key in seen.keys() ^ undisturbed.keys()]


async def told_twice(place: Namespace) -> list[str]:
    events = [(e["reason"], e["type"], e["note"]) for e in await place.find_all("Event")]
    return [f"told twice: {event}" for event in set(events) if events.count(event) > 1]


async def all_at_once(works: list[Callable[[], Awaitable[list[str]]]]) -> list[str]:
    """What every piece of work found, some at a time."""
    room = asyncio.Semaphore(SIDE_BY_SIDE)

    async def one(work: Callable[[], Awaitable[list[str]]]) -> list[str]:
        async with room:
            return await work()

    return [wrong for found in await asyncio.gather(*map(one, works)) for wrong in found]


@dataclass(frozen=True)
class Change:
    """What a change of the spec comes to when nothing disturbs it."""

    to: Json
    requests: list[str]
    picture: Picture

    @property
    def writes(self) -> list[int]:
        """Which of its requests write, counted from one."""
        return [number for number, request in enumerate(self.requests, 1) if not request.startswith("GET")]


async def undisturbed_change(place: Namespace, rights: Rights, *, to: Json, lives: int = 1) -> Change:
    await respecified(place, to)
    life = await born(place, rights)
    await life.reconcile(NAME)
    requests = list(life.client.requests)
    for _ in range(lives):
        await settle(place, rights, NAME)
    return Change(to, requests, await picture(place, rights.apis))
