"""The operator's process, put together: it leads, watches, queues and reconciles until it is told to stop."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
from collections.abc import AsyncIterator, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager

from parley_operator.assembly import Knowledge, reconciler
from parley_operator.gateways import Gateways
from parley_operator.gather import Release
from parley_operator.kube.client import Client
from parley_operator.kube.connection import Connection, connect
from parley_operator.kube.inventory import Inventory, Key
from parley_operator.kube.kind_watch import Kind, KindWatch, ObjectName
from parley_operator.kube.lease import Lease
from parley_operator.kube.metadata_watch import MetadataWatches, Watched
from parley_operator.kube.optional import OptionalKind, OptionalWatch, OptionalWatches
from parley_operator.kube.references import References
from parley_operator.kube.served_group import API_SERVICES, REGISTERED_BY_OTHERS, ServedGroup
from parley_operator.render.apis import CUSTOM_METRICS, GATEWAY, OPTIONAL, Api
from parley_operator.render.labels import CHILD_SELECTOR, NAME
from parley_operator.resources import Resources
from parley_operator.runtime.health import HealthReport, WatchHealth
from parley_operator.runtime.metrics import OperatorMetrics, count_conditions
from parley_operator.runtime.queue import WorkQueue
from parley_operator.runtime.resource_watch import ResourceWatch
from parley_operator.runtime.server import serve
from parley_operator.runtime.settings import (
    DRAIN_SECONDS,
    RESYNC_PERIOD,
    WORKERS,
    OperatorOptions,
)
from parley_operator.runtime.watches import News
from parley_operator.runtime.workers import Workers, resync
from parley_operator.sessions import Sessions
from parley_operator.views import VIEWS, WATCHED

logger = logging.getLogger(__name__)

UNLABELLED = "app.kubernetes.io/managed-by!=parley"
NOT_WORTH_WATCHING = "type!=helm.sh/release.v1,type!=kubernetes.io/service-account-token"
"""Secrets that no spec refers to and that there are many of."""
DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
RECHECK_SECONDS, RECHECK_SECONDS_UNTOLD = 3600.0, 300.0
"""How often to look for a kind that is absent: where CRDs are watched, and where they may not be."""


class Operator:
    """One process. `run` returns when it was told to stop, and raises `LeadershipLostError` when it must."""

    def __init__(self, options: OperatorOptions, release: Release) -> None:
        self._options, self._release = options, release
        self._metrics = OperatorMetrics()
        self._watch_health = WatchHealth(may_go=frozenset(map(_served, (*OPTIONAL.values(), GATEWAY))))
        self._queue: WorkQueue[Key] = WorkQueue()
        self._resources = Resources()
        self._inventory = Inventory(label=NAME, views=VIEWS)
        self._wakes = References()
        self._gateways = Gateways(namespaces=options.namespaces, wake=self._queue.add)
        self._stop = asyncio.Event()
        self._resource_watch: ResourceWatch | None = None
        self._candidate: Lease | None = None
        self._lease: Lease | None = None
        self._is_leader = False
        self._news = News(
            self._inventory,
            self._resources,
            namespaces=options.namespaces,
            wake=self._queue.add,
            look_again=self._queue.add_to_round,
            on_event=self._saw_event,
        )
        self._metrics.observe_queue(
            depth=lambda: self._queue.depth, age=self._queue.oldest_wait, slow=lambda: self._queue.slow
        )
        self._metrics.observe_certificates(lambda: list(self._resources.certificates()))
        self._metrics.observe_not_ready(lambda: list(self._resources.not_ready()))
        self._metrics.observe_conditions(lambda: count_conditions(self._resources.statuses()))

    async def run(self) -> None:
        """Wait for the Lease, then lead until SIGTERM or the Lease's loss."""
        self._listen_to_signals()
        connection = await connect(self._options.kubeconfig)
        async with AsyncExitStack() as stack:
            report = HealthReport(
                self._watch_health,
                is_leader=lambda: self._is_leader,
                is_synced=self._is_synced,
                oldest_wait=self._queue.oldest_wait,
                longest_work=self._queue.longest_work,
                can_lead=lambda: self._candidate is None or self._candidate.reachable,
            )
            options = self._options
            port = await stack.enter_async_context(
                serve(report, self._metrics, host=options.http_host, port=options.http_port)
            )
            logger.info("serving probes and metrics", extra={"port": port})
            client = await stack.enter_async_context(self._client(connection))
            if options.standalone:
                await self._lead(connection, client)
            else:
                await self._lead_by_lease(connection, client)

    def _is_synced(self) -> bool:
        return self._news.complete.is_set() and self._resource_watch is not None and self._resource_watch.runs

    def _listen_to_signals(self) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stop.set)

    @asynccontextmanager
    async def _client(self, connection: Connection) -> AsyncIterator[Client]:
        """For all but the Lease: it refuses to write once the Lease is not held any more."""
        async with connection.open_session(self._metrics.middleware, self._watch_health.middleware) as session:
            yield Client(
                session, connection.server, may_write=lambda: self._lease is None or self._lease.is_held()
            )

    async def _lead_by_lease(self, connection: Connection, client: Client) -> None:
        options = self._options
        async with connection.open_session(self._metrics.middleware) as session:
            lease = self._candidate = Lease(
                Client(session, connection.server),
                namespace=options.lease_namespace,
                name=options.lease_name,
                identity=options.identity,
                times=options.lease_times,
            )
            if not await _unless(self._stop, lease.acquire()):
                return
            self._lease = lease
            try:
                async with asyncio.TaskGroup() as group:
                    holding = group.create_task(lease.hold())
                    await self._lead(connection, client)
                    holding.cancel()
            finally:
                await asyncio.shield(lease.release())

    async def _lead(self, connection: Connection, client: Client) -> None:
        self._is_leader = True
        self._metrics.leader.set(1)
        optional = self._optional(client)
        custom_metrics = self._custom_metrics(client)

        def registered(kind: str, name: ObjectName) -> None:
            heard = custom_metrics.look_again if kind == "APIService" else optional.definition_changed
            heard(name[1])

        definitions = MetadataWatches(client, self._definitions(), registered)
        sessions = Sessions(client, self._inventory, self._resources, wake=self._queue.add)
        watches = MetadataWatches(client, self._unlabelled(), self._changed)
        knowledge = Knowledge(
            resources=self._resources,
            inventory=self._inventory,
            watches=watches,
            wakes=self._wakes,
            gateways=self._gateways,
            apis=lambda: self._news.apis,
            custom_metrics=lambda: custom_metrics.served,
            sessions=sessions.active,
        )
        work_on = reconciler(
            client,
            knowledge,
            release=self._release,
            identity=self._options.identity,
            operator_namespace=self._options.pod_namespace,
            look_again=self._options.look_again,
            on_apply=lambda outcome: self._metrics.applies.labels(outcome).inc(),
        )
        workers = Workers(self._queue, work_on.reconcile, self._metrics)
        resource_watch = self._resource_watch = ResourceWatch(
            connection,
            client,
            self._news,
            options=self._options,
            middlewares=(self._metrics.middleware, self._watch_health.middleware),
            took_signals=self._listen_to_signals,
        )
        async with asyncio.TaskGroup() as group:
            work = (
                watches.run(),
                *(watch.run() for watch in self._children(client)),
                optional.run(),
                definitions.run(),
                custom_metrics.run(),
                sessions.run(),
                resource_watch.run(),
                self._work(workers, watches, custom_metrics),
                resync(lambda: self._resources, self._queue.add_to_round, period=RESYNC_PERIOD),
            )
            tasks = [group.create_task(part) for part in work]
            await self._stop.wait()
            logger.info("stopping")
            await workers.stop(within=DRAIN_SECONDS)
            for task in tasks:
                task.cancel()
        self._is_leader = False

    async def _work(self, workers: Workers, watches: MetadataWatches, custom_metrics: ServedGroup) -> None:
        """Nothing is reconciled before everything has been seen: what is not known would be made anew."""
        await self._news.complete.wait()
        await watches.listed()
        await self._gateways.complete.wait()
        await custom_metrics.known.wait()
        logger.info("synced", extra={"resources": len(list(self._resources))})
        await workers.run(WORKERS)

    def _children(self, client: Client) -> list[KindWatch]:
        scopes, turns = self._options.namespaces or ("",), asyncio.Semaphore(1)
        kinds = [_labelled(kind, at) for kind in WATCHED for at in scopes]
        return [KindWatch(client, kind, self._news, turns=turns) for kind in kinds]

    def _optional(self, client: Client) -> OptionalWatches:
        recheck = RECHECK_SECONDS_UNTOLD if self._options.namespaces else RECHECK_SECONDS
        scopes = self._options.namespaces or ("",)
        ours = [
            _optional(kind, api, at, selector=CHILD_SELECTOR) for kind, api in OPTIONAL.items() for at in scopes
        ]
        gateways = [_optional("Gateway", GATEWAY, at) for at in scopes]
        return OptionalWatches(
            [
                *(OptionalWatch(client, kind, self._news, recheck=recheck) for kind in ours),
                *(OptionalWatch(client, kind, self._gateways, recheck=recheck) for kind in gateways),
            ]
        )

    def _custom_metrics(self, client: Client) -> ServedGroup:
        recheck = RECHECK_SECONDS_UNTOLD if self._options.namespaces else RECHECK_SECONDS
        return ServedGroup(client, CUSTOM_METRICS, recheck=recheck, changed=self._news.look_at_all)

    def _definitions(self) -> list[Watched]:
        """What brings APIs is the cluster's: an operator of some namespaces may not see it."""
        if self._options.namespaces:
            return []
        registered = Watched("APIService", API_SERVICES, REGISTERED_BY_OTHERS)
        return [Watched("CustomResourceDefinition", DEFINITIONS, ""), registered]

    def _unlabelled(self) -> list[Watched]:
        scopes = [f"/namespaces/{namespace}" for namespace in self._options.namespaces] or [""]
        secrets = [Watched("Secret", f"/api/v1{at}/secrets", UNLABELLED, NOT_WORTH_WATCHING) for at in scopes]
        return secrets + [Watched("ConfigMap", f"/api/v1{at}/configmaps", UNLABELLED) for at in scopes]

    def _changed(self, kind: str, name: ObjectName) -> None:
        self._watch_health.saw_event()
        for key in self._wakes.keys((kind, *name)):
            self._queue.add(key)

    def _saw_event(self, kind: str) -> None:
        self._watch_health.saw_event()
        self._metrics.watch_events.labels(kind).inc()


def _served(api: Api) -> tuple[str, str]:
    return api.api_version, api.plural


def _labelled(kind: str, namespace: str) -> Kind:
    group, version, plural = WATCHED[kind]
    scope = f"/namespaces/{namespace}" if namespace else ""
    api_version, root = (f"{group}/{version}", "/apis") if group else (version, "/api")
    path = f"{root}/{api_version}{scope}/{plural}"
    return Kind(kind, api_version, path, namespace=namespace, label_selector=CHILD_SELECTOR)


def _optional(kind: str, api: Api, namespace: str, *, selector: str = "") -> OptionalKind:
    scope = f"/namespaces/{namespace}" if namespace else ""
    return OptionalKind(
        kind=kind,
        api_version=api.api_version,
        path=f"/apis/{api.api_version}{scope}/{api.plural}",
        definition=api.definition,
        namespace=namespace,
        label_selector=selector,
    )


async def _unless(stop: asyncio.Event, work: Coroutine[None, None, None]) -> bool:
    """Do the work unless told to stop meanwhile; returns whether it was done."""
    task, stopped = asyncio.create_task(work), asyncio.create_task(stop.wait())
    await asyncio.wait({task, stopped}, return_when=asyncio.FIRST_COMPLETED)
    stopped.cancel()
    if not task.done():
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        return False
    await task
    return True
