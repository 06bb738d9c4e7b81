"""Leader election by a Lease: at most one process writes, and it knows when it may no longer.

The rules are client-go's: a candidate takes a Lease whose record it has not seen change for the Lease's duration
by its own monotonic clock, so that clocks need not agree. The holder must renew before `renew_deadline`, which is
shorter than the duration; every write has a timeout within what is left of it.
"""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from parley_operator.kube.client import Client, Json
from parley_operator.kube.errors import (
    AlreadyExistsError,
    ConflictError,
    KubeError,
    LeadershipLostError,
    NotFoundError,
)

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class LeaseTimes:
    """Seconds; `retry` < `renew_deadline` < `duration`. The defaults are those of Kubernetes' own components."""

    duration: float = 15.0
    renew_deadline: float = 10.0
    retry: float = 2.0

    def __post_init__(self) -> None:
        if not 0 < self.retry < self.renew_deadline < self.duration:
            raise ValueError("a Lease needs retry < renew deadline < duration")


class Lease:
    """One candidate's view of a Lease."""

    def __init__(
        self,
        client: Client,
        *,
        namespace: str,
        name: str,
        identity: str,
        times: LeaseTimes = LeaseTimes(),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client, self._identity, self._times, self._clock = client, identity, times, clock
        self._collection = f"/apis/coordination.k8s.io/v1/namespaces/{namespace}/leases"
        self._namespace, self._name = namespace, name
        self._seen: Json | None = None
        self._seen_at = 0.0
        self._renewed_at: float | None = None
        self.reachable = True
        """Whether the API server answered the last attempt: who may not ask for the Lease cannot take over."""

    def is_held(self) -> bool:
        """Whether this process may write now; false as soon as the renewal deadline has passed."""
        return self._renewed_at is not None and self._clock() < self._renewed_at + self._times.renew_deadline

    async def acquire(self) -> None:
        """Wait until the Lease is ours."""
        while not await self._attempt(within=self._times.renew_deadline):  # noqa: ASYNC110 - the server has no event
            await asyncio.sleep(self._times.retry * random.uniform(1.0, 1.2))  # noqa: S311 - jitter
        logger.info("became the leader", extra={"lease": self._name, "identity": self._identity})

    async def hold(self) -> None:
        """Renew until that fails for too long; raises `LeadershipLostError` then, and never returns."""
        while True:
            await asyncio.sleep(self._times.retry)
            if await self._attempt(within=min(self._times.retry * 2, max(self._remaining(), 0.1))):
                continue
            if self._holder() not in {self._identity, ""} or self._remaining() <= 0:
                self._renewed_at = None
                raise LeadershipLostError(f"Lease {self._name} could not be renewed in time")

    async def release(self) -> None:
        """Give the Lease up, so that the next leader need not wait for it to expire; best effort."""
        if not self.is_held() or self._seen is None:
            return
        self._renewed_at = None
        spec = {**self._seen["spec"], "holderIdentity": "", "leaseDurationSeconds": 1, "renewTime": _now()}
        try:
            await self._client.replace(self._path, {**self._seen, "spec": spec}, within=self._times.retry)
        except KubeError as error:
            logger.warning("lease not released", extra={"lease": self._name, "error": str(error)})

    @property
    def _path(self) -> str:
        return f"{self._collection}/{self._name}"

    def _remaining(self) -> float:
        return 0.0 if self._renewed_at is None else self._renewed_at + self._times.renew_deadline - self._clock()

    def _holder(self) -> str:
        return str((self._seen or {}).get("spec", {}).get("holderIdentity") or "")

    async def _attempt(self, *, within: float) -> bool:
        """Take or renew the Lease; the time that counts is the one before the request."""
        started = self._clock()
        try:
            async with asyncio.timeout(within):
                await self._observe()
                if not self._is_ours_to_take():
                    self.reachable = True
                    return False
                self._note(await self._write())
        except (KubeError, TimeoutError) as error:
            logger.warning("lease not renewed", extra={"lease": self._name, "error": str(error)})
            self.reachable = isinstance(error, ConflictError)
            return False
        self._renewed_at, self.reachable = started, True
        return True

    async def _observe(self) -> None:
        if self.is_held():
            return
        try:
            self._note(await self._client.get(self._path))
        except NotFoundError:
            self._seen = None

    def _note(self, body: Json) -> None:
        if self._seen is None or body["metadata"]["resourceVersion"] != self._seen["metadata"]["resourceVersion"]:
            self._seen, self._seen_at = body, self._clock()

    def _is_ours_to_take(self) -> bool:
        if self._seen is None or self._holder() in {"", self._identity}:
            return True
        spec = self._seen["spec"]
        return self._clock() >= self._seen_at + float(spec.get("leaseDurationSeconds") or 0)

    async def _write(self) -> Json:
        if self._seen is None:
            return await self._create()
        held = self._seen["spec"].get("holderIdentity") == self._identity
        spec = self._spec(acquired=self._seen["spec"].get("acquireTime") if held else None)
        spec["leaseTransitions"] = int(self._seen["spec"].get("leaseTransitions") or 0) + (0 if held else 1)
        try:
            return await self._client.replace(self._path, {**self._seen, "spec": spec})
        except KubeError:
            # Whether it was written is not known: look before the next attempt.
            self._note(await self._client.get(self._path))
            raise

    async def _create(self) -> Json:
        body = {
            "apiVersion": "coordination.k8s.io/v1",
            "kind": "Lease",
            "metadata": {"name": self._name, "namespace": self._namespace},
            "spec": {**self._spec(acquired=None), "leaseTransitions": 0},
        }
        try:
            return await self._client.create(self._collection, body, field_manager="parley")
        except AlreadyExistsError:
            self._note(await self._client.get(self._path))
            raise

    def _spec(self, *, acquired: str | None) -> Json:
        now = _now()
        return {
            "holderIdentity": self._identity,
            "leaseDurationSeconds": int(self._times.duration),
            "acquireTime": acquired or now,
            "renewTime": now,
        }


def _now() -> str:
    """For people to read; no decision is taken by it."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
