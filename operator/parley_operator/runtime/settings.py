"""How the operator runs: what its command line says, and what kopf is told."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import kopf

from parley_operator.kube.kind_watch import SERVER_TIMEOUT
from parley_operator.kube.lease import LeaseTimes
from parley_operator.reconcile import LOOK_AGAIN
from parley_operator.runtime.stateless import NoDiffBase, NoProgress

WORKERS = 16
"""Reconciliations at the same time, and as many of slow keys; each waits for the API server most of its time."""
RECONCILE_DEADLINE = 120.0
"""Seconds for one reconciliation, at the most."""
RESYNC_PERIOD = 3600.0
"""Seconds after which a resource is looked at again though nothing was heard of it, jittered."""
DRAIN_SECONDS = 10.0
"""Seconds that reconciliations may go on after SIGTERM."""


@dataclass(frozen=True)
class OperatorOptions:
    """The command line."""

    namespaces: tuple[str, ...] = ()
    """Where to work; empty for the whole cluster."""
    kubeconfig: str | None = None
    standalone: bool = False
    """Work without a Lease: for a laptop, where there is one process for sure."""
    lease_namespace: str = "default"
    lease_name: str = "parley-operator"
    lease_times: LeaseTimes = field(default_factory=LeaseTimes)
    identity: str = "parley-operator"
    pod_namespace: str | None = None
    """Where this process is a pod; None: it is none."""
    gateway_image: str | None = None
    """Image of the gateway; None takes the release's own."""
    gateway_pull_policy: str = "IfNotPresent"
    look_again: float = LOOK_AGAIN
    """Seconds after which to look again at what no watch tells of."""
    http_host: str = "0.0.0.0"  # noqa: S104 - the kubelet's probes come from outside the pod
    http_port: int = 8080
    log_level: str = "Info"


class _Backoffs:
    """kopf's delays between attempts of one request, without an end: a watch must never give up."""

    def __iter__(self) -> Iterator[float]:
        yield from (0.5, 1, 2, 3)
        while True:
            yield 5


def kopf_settings() -> kopf.OperatorSettings:
    """Settings of kopf as a layer of watches alone: no finalizers, annotations, events, peering or scans."""
    settings = kopf.OperatorSettings()
    settings.scanning.disabled = True
    settings.posting.enabled = False
    settings.posting.loggers = False
    settings.peering.standalone = True
    settings.persistence.diffbase_storage = NoDiffBase()
    settings.persistence.progress_storage = NoProgress()
    settings.queueing.worker_limit = None
    settings.watching.server_timeout = SERVER_TIMEOUT
    settings.watching.reconnect_backoff = 0.5
    settings.watching.chunk_size = 100
    settings.networking.request_timeout = 30.0
    settings.networking.connect_timeout = 10.0
    settings.networking.error_backoffs = _Backoffs()
    settings.process.ultimate_exiting_timeout = None
    return settings
