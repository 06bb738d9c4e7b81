"""What one reconciliation needs, put together on what watches keep: for the process, and for tests of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from parley_operator.gateways import Gateways
from parley_operator.gather import FactsGatherer, Release
from parley_operator.ingress_classes import IngressClasses
from parley_operator.kube.client import Client
from parley_operator.kube.discovery import Discovery
from parley_operator.kube.events import EventRecorder
from parley_operator.kube.inventory import Inventory, Key
from parley_operator.kube.metadata_watch import MetadataWatches
from parley_operator.kube.references import References
from parley_operator.reconcile import LOOK_AGAIN, Reconciler, utc_now
from parley_operator.referenced import ReferencedValues
from parley_operator.render.apis import OPTIONAL
from parley_operator.resources import Resources

CONTROLLER = "parley.dev/operator"


@dataclass(frozen=True, kw_only=True)
class Knowledge:
    """What is known of the cluster; watches keep it true."""

    resources: Resources
    inventory: Inventory
    watches: MetadataWatches
    """The users' Secrets and ConfigMaps."""
    wakes: References
    gateways: Gateways
    apis: Callable[[], frozenset[str]]
    """The optional kinds that are served at the moment."""
    custom_metrics: Callable[[], bool] = lambda: False
    """Whether the API of pods' own metrics is served at the moment."""
    sessions: Callable[[Key], int | None] = lambda _: None
    """How many callers talk to a resource; None where that is not known."""


def reconciler(
    client: Client,
    knowledge: Knowledge,
    *,
    release: Release,
    identity: str,
    operator_namespace: str | None = None,
    look_again: float = LOOK_AGAIN,
    on_apply: Callable[[str], None] = lambda _: None,
    clock: Callable[[], datetime] = utc_now,
) -> Reconciler:
    """The reconciler of one process. `identity` names the process in events.

    `operator_namespace` is where the process is a pod; None: it is none.
    """
    discovery = Discovery(client)
    for kind, api in OPTIONAL.items():
        discovery.know(api.api_version, kind, api.plural)
    inventory = knowledge.inventory
    gatherer = FactsGatherer(
        inventory=inventory,
        values=ReferencedValues(client, inventory, watches=knowledge.watches, wakes=knowledge.wakes),
        classes=IngressClasses(client),
        apis=knowledge.apis,
        custom_metrics=knowledge.custom_metrics,
        gateways=knowledge.gateways,
        release=release,
        operator_namespace=operator_namespace,
    )
    return Reconciler(
        client,
        discovery=discovery,
        inventory=inventory,
        resources=knowledge.resources,
        gatherer=gatherer,
        recorder=EventRecorder(client, controller=CONTROLLER, instance=identity),
        clock=clock,
        on_apply=on_apply,
        look_again=look_again,
        sessions=knowledge.sessions,
    )
