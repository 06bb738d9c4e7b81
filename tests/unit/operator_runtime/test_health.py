"""Probes notice a watch that is dead, although the process lives and answers."""

from __future__ import annotations

from dataclasses import dataclass

import aiohttp
import pytest
from yarl import URL

from parley_operator.kube.kind_watch import SERVER_TIMEOUT
from parley_operator.runtime.health import STUCK_AFTER, WATCH_GRACE, HealthReport, WatchHealth


class Clock:
    """A clock that a test turns."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Request:
    """What the middleware reads of a request."""

    url: URL
    method: str = "GET"


@dataclass
class Response:
    """What it reads of an answer."""

    status: int


@dataclass
class Work:
    """What the queue says of itself."""

    oldest: float = 0.0
    longest: float = 0.0


PODS = URL("https://api.example.com/api/v1/pods?watch=true")
ROUTES = URL("https://api.example.com/apis/gateway.networking.k8s.io/v1/namespaces/voice/httproutes?watch=true")


async def begin(watches: WatchHealth, url: URL, status: int = 200) -> None:
    async def answer(_: object) -> Response:
        return Response(status)

    await watches.middleware(Request(url), answer)  # type: ignore[arg-type]


async def fail(watches: WatchHealth, url: URL) -> None:
    async def refuse(_: object) -> Response:
        raise aiohttp.ClientConnectionError

    with pytest.raises(aiohttp.ClientConnectionError):
        await watches.middleware(Request(url), refuse)  # type: ignore[arg-type]


def make(
    *, leader: bool = True, synced: bool = True, can_lead: bool = True
) -> tuple[HealthReport, WatchHealth, Clock, Work]:
    clock, work = Clock(), Work()
    watches = WatchHealth(may_go={("gateway.networking.k8s.io/v1", "httproutes")}, clock=clock)
    report = HealthReport(
        watches,
        is_leader=lambda: leader,
        is_synced=lambda: synced,
        oldest_wait=lambda: work.oldest,
        longest_work=lambda: work.longest,
        can_lead=lambda: can_lead,
        clock=clock,
    )
    return report, watches, clock, work


async def test_a_watch_that_is_begun_anew_in_time_is_alive_even_if_nothing_happens() -> None:
    report, watches, clock, _ = make()
    for _ in range(20):
        await begin(watches, PODS)
        clock.now += SERVER_TIMEOUT
    assert report.live().ok


async def test_a_watch_that_was_not_begun_anew_is_dead_and_named() -> None:
    report, watches, clock, _ = make()
    await begin(watches, PODS)
    clock.now += SERVER_TIMEOUT + WATCH_GRACE + 1
    health = report.live()
    assert not health.ok
    assert health.checks["dead_watches"] == ["/api/v1/pods"]


async def test_a_watch_that_only_fails_is_dead_after_a_while_and_not_ready_at_once() -> None:
    report, watches, clock, _ = make()
    await begin(watches, PODS)
    for _ in range(10):
        clock.now += (SERVER_TIMEOUT + WATCH_GRACE) / 9
        await fail(watches, PODS)
    assert not report.live().ok
    assert report.ready().checks["broken_watches"] == ["/api/v1/pods"]


async def test_a_refused_watch_is_broken() -> None:
    report, watches, _, _ = make()
    await begin(watches, PODS, status=403)
    assert not report.ready().ok


@pytest.mark.parametrize("status", [403, 500])
async def test_a_watch_whose_kind_may_not_be_listed_any_more_is_broken(status: int) -> None:
    report, watches, _, _ = make()
    await begin(watches, PODS)
    await begin(watches, PODS.without_query_params("watch"), status=status)
    assert report.ready().checks["broken_watches"] == ["/api/v1/pods"]
    await begin(watches, PODS)
    assert report.ready().ok


async def test_two_watches_of_one_kind_are_told_apart() -> None:
    """The operator's own Secrets and the users' are."""
    report, watches, clock, _ = make()
    ours, theirs = (PODS.update_query(labelSelector=selector) for selector in ("a=b", "a!=b"))
    await begin(watches, ours)
    clock.now += SERVER_TIMEOUT + WATCH_GRACE + 1
    await begin(watches, theirs)
    assert report.live().checks["dead_watches"] == ["/api/v1/pods?labelSelector=a=b"]


async def test_an_optional_kind_that_is_no_longer_served_needs_no_watch() -> None:
    report, watches, clock, _ = make()
    await begin(watches, ROUTES)
    await begin(watches, ROUTES, status=404)
    assert not report.ready().ok
    await begin(watches, ROUTES.without_query_params("watch"), status=404)
    assert report.ready().ok
    clock.now += 10 * SERVER_TIMEOUT
    assert report.live().ok


async def test_an_optional_kind_that_may_not_be_read_any_more_is_broken() -> None:
    """Its objects may still be there, and nobody would tell of what becomes of them."""
    report, watches, _, _ = make()
    await begin(watches, ROUTES)
    await begin(watches, ROUTES.without_query_params("watch"), status=403)
    assert report.ready().checks["broken_watches"] == [ROUTES.path]
    assert not report.ready().ok


async def test_a_listing_is_no_watch() -> None:
    report, watches, clock, _ = make()
    await begin(watches, URL("https://api.example.com/api/v1/pods"))
    clock.now += 10_000
    assert report.live().ok


@pytest.mark.parametrize("what", ["oldest", "longest"])
async def test_a_queue_that_stands_still_ends_the_process(what: str) -> None:
    report, _, _, work = make()
    setattr(work, what, STUCK_AFTER - 1)
    assert report.live().ok
    setattr(work, what, STUCK_AFTER + 1)
    assert not report.live().ok


async def test_a_leader_that_has_not_seen_the_cluster_is_not_ready_and_a_standby_is() -> None:
    leader, _, _, _ = make(leader=True, synced=False)
    standby, _, _, _ = make(leader=False, synced=False)
    assert not leader.ready().ok
    assert standby.ready().ok
    assert leader.live().ok


async def test_a_standby_that_may_not_ask_for_the_lease_is_not_ready() -> None:
    standby, _, _, _ = make(leader=False, synced=False, can_lead=False)
    assert not standby.ready().ok
    assert standby.ready().checks["lease_reachable"] is False
    assert standby.live().ok
