"""One size: an operator, a crowd of resources, a minute of nothing, and the operator started again."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import yaml

from charts.derive import NAMESPACE
from localcluster import ControlPlane
from tests.bench.operator.crowd import Crowd, crowd
from tests.bench.operator.requests import AuditLog, policy
from tests.bench.operator.usage import Usage, usage
from tests.bench.processes import Process, this_process
from tests.operator.cluster import CHILDREN, PLURALS, open_namespace
from tests.operator.conftest import OPERATOR, prepare
from tests.operator.process import OperatorProcess
from tests.operator.rights import Account, installed, token_of, with_token

CONTROLLERS = ("deployment-controller", "replicaset-controller", "endpointslice-controller")
IDLE_S = 60.0
SETTLED_S = 5.0
"""Seconds without a reconciliation after which the operator counts as done."""
SETTLE_WITHIN_S = 120.0
ACCOUNT = Account(NAMESPACE)
"""The operator's, as the chart makes it."""

Requests = Counter[tuple[str, str]]


@dataclass
class Seen:
    """Of one size. Times are in seconds since the first resource was made."""

    size: int
    made_s: float = 0.0
    reconciled_s: float | None = None
    """When the last had all its children; None: not within the bound."""
    ready_s: float | None = None
    children: int = 0
    """Objects that the operator made."""
    busy: Usage = field(default_factory=Usage)
    """Until all were ready."""
    requests: Requests = field(default_factory=Counter)
    """Until nothing happened any more."""
    idle: Usage = field(default_factory=Usage)
    idle_requests: Requests = field(default_factory=Counter)
    """In a minute in which nothing changed."""
    restart_s: float = 0.0
    """From the start of a new process until it had nothing to do, all resources being there."""
    restart: Usage = field(default_factory=Usage)
    restart_requests: Requests = field(default_factory=Counter)


async def trial(size: int, *, within: float, say: Callable[[str], None]) -> Seen:
    """Measure one size on a control plane of its own; at most `within` seconds until all are ready."""
    plane = ControlPlane(controllers=CONTROLLERS, simulated_nodes=1, audit_policy=policy(ACCOUNT.user))
    with TemporaryDirectory() as folder:
        operator: OperatorProcess | None = None
        await asyncio.to_thread(plane.start)
        try:
            await asyncio.to_thread(prepare, plane)
            kubeconfig, log = await _with_token(plane, Path(folder)), Path(folder) / "operator.log"
            lease = ("--lease-namespace", ACCOUNT.namespace)
            operator = OperatorProcess(kubeconfig, log, *lease, forked=False)
            async with crowd(str(plane.kubeconfig), size=size) as people:
                return await _Trial(plane, operator, people, say).run(within)
        finally:
            if operator is not None:
                operator.stop()
            await asyncio.to_thread(plane.stop)


async def _with_token(plane: ControlPlane, folder: Path) -> Path:
    """A kubeconfig with what a pod has: the API server remembers a token, and would verify a certificate anew."""
    async with open_namespace(str(plane.kubeconfig), ACCOUNT.namespace) as home:
        await installed(home.client, list(yaml.safe_load_all(OPERATOR.read_text())))
        token = await token_of(ACCOUNT, home.client)
    return with_token(plane.kubeconfig, token, folder / "operator.kubeconfig")


class _Trial:
    def __init__(
        self, plane: ControlPlane, operator: OperatorProcess, people: Crowd, say: Callable[[str], None]
    ) -> None:
        self._plane, self._operator, self._crowd, self._say = plane, operator, people, say
        self._audit = AuditLog(plane.audit_log)
        self._seen = Seen(people.size)

    async def run(self, within: float) -> Seen:
        await self._start()
        self._audit.news()
        self._seen.busy = await self._using(lambda: self._serve(within))
        await self._settle()
        self._seen.children = await self._children()
        self._seen.requests = self._audit.news()
        self._say("nothing changes for a minute")
        self._seen.idle = await self._using(lambda: asyncio.sleep(IDLE_S))
        self._seen.idle_requests = self._audit.news()
        await self._restart()
        return self._seen

    async def _serve(self, within: float) -> None:
        seen, people = self._seen, self._crowd
        telling = asyncio.create_task(self._tell())
        await people.make()
        seen.made_s = people.made_s
        await people.until_ready(within=within)
        telling.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await telling
        if len(people.reconciled) == people.size:
            seen.reconciled_s = max(people.reconciled.values())
        if len(people.ready) == people.size:
            seen.ready_s = max(people.ready.values())

    async def _restart(self) -> None:
        self._say("the operator is started again")
        await asyncio.to_thread(self._operator.terminate)
        began = time.monotonic()

        async def work() -> None:
            await self._settle()

        await self._start()
        self._seen.restart = await self._using(work)
        self._seen.restart_s = time.monotonic() - began - SETTLED_S
        self._seen.restart_requests = self._audit.news()

    async def _start(self) -> None:
        await asyncio.to_thread(self._operator.start)
        await asyncio.to_thread(self._operator.wait_for_log, "synced", SETTLE_WITHIN_S)

    async def _settle(self) -> None:
        """Until nothing has been reconciled for a while."""
        deadline, count, since = time.monotonic() + SETTLE_WITHIN_S, -1.0, 0.0
        while time.monotonic() < deadline:
            try:
                now = await asyncio.to_thread(self._operator.metric, "parley_operator_reconciles_total")
            except OSError:  # too busy to say
                continue
            if now != count:
                count, since = now, time.monotonic()
            elif time.monotonic() > since + SETTLED_S:
                return
            await asyncio.sleep(0.5)
        self._say(f"reconciliations go on after {SETTLE_WITHIN_S:.0f} s")

    async def _using(self, work: Callable[[], Awaitable[None]]) -> Usage:
        operator = Process(self._operator.pid)
        parts = {name: Process(pid) for name, pid in self._plane.pids().items()}
        async with usage({"operator": operator, **parts, "load": this_process()}, of=operator) as found:
            await work()
        return found

    async def _children(self) -> int:
        counts = [await self._crowd.count(PLURALS[kind].replace("/{}", "")) for kind in CHILDREN]
        return sum(counts)

    async def _tell(self) -> None:
        while True:
            await asyncio.sleep(10)
            people = self._crowd
            self._say(f"{len(people.reconciled)} reconciled, {len(people.ready)} ready of {people.size}")
