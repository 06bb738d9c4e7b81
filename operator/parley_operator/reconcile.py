"""One resource, from what it says to what is: facts, manifests, apply, prune, status.

It is level-triggered: whatever woke it, it looks at all there is and does all that is missing, so that a process
killed at any point is made good by the next run. Where nothing changed it makes no request.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from parley_operator.api import API_VERSION, KIND, InvalidResourceError, VoiceDeployment
from parley_operator.api.conditions import ConditionType, Reason
from parley_operator.gather import FactsGatherer
from parley_operator.kube.apply import Applier, Owner
from parley_operator.kube.client import Client, Json
from parley_operator.kube.discovery import Discovery, Ref
from parley_operator.kube.errors import (
    ForbiddenError,
    InvalidError,
    KubeError,
    NameConflictError,
    NotFoundError,
    TerminatingError,
)
from parley_operator.kube.events import EventRecorder, Happening
from parley_operator.kube.inventory import Inventory, Key, Live
from parley_operator.kube.ownership import FIELD_MANAGER
from parley_operator.render import Facts, Rendered, object_key, render
from parley_operator.render.canary import unshared
from parley_operator.render.engines import made_by_keda
from parley_operator.render.names import child_name
from parley_operator.render.rendered import ObjectKey
from parley_operator.render.track import CANARY
from parley_operator.render.worker_labels import worker_name
from parley_operator.render.worker_pools import pool_of
from parley_operator.resources import Resources, is_paused
from parley_operator.rollback import in_effect
from parley_operator.settling import Settling, pods_state, replaces_pods
from parley_operator.status import (
    Blocked,
    Children,
    Transition,
    compute_status,
    invalid_status,
    transitions,
)
from parley_operator.trial import serving_beside
from parley_operator.views import PRUNED
from parley_operator.worker_status import PoolChildren

logger = logging.getLogger(__name__)

LOOK_AGAIN = 15.0
"""Seconds after which to look again, by default, at what no watch tells of: a foreign object in the way, a missing
class, a right that was taken away."""
LOOK_AGAIN_AT_POOLS = 60.0
"""Seconds after which to try again what was refused of a worker pool: a quota may be lifted."""
AT_ONCE = 0.1
"""Seconds, for what follows from what this very run has found."""
_PRUNED_LAST = frozenset({"Deployment", "Service"})
"""After whatever leads clients there."""
_EVENTFUL = frozenset({"Ready", "WorkersReady", "Progressing", "AutoscalingReady", "SettingsHonoured"})
_EXPECTED = frozenset(
    {
        "Suspended",
        "RollingOut",
        "RolloutComplete",
        "NoPodReady",
        "NoWorkerReady",
        "AddressPending",
        "SetInController",
        "Paused",
        "CanaryRunning",
        "CertificatePending",
    }
)
"""Reasons that are news but no warnings: SetInController is true of every resource of an ingress class."""


def utc_now() -> datetime:
    """The time by the wall."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class _Plan:
    """What is brought to the cluster."""

    running: VoiceDeployment
    """The resource with the spec that serves."""
    canary: VoiceDeployment | None
    """The resource with its own spec, where that is tried beside."""
    facts: Facts

    def is_rolled_back(self, resource: VoiceDeployment) -> bool:
        return self.running is not resource and self.canary is None


class Reconciler:
    """Brings one resource at a time to what its spec says."""

    def __init__(
        self,
        client: Client,
        *,
        discovery: Discovery,
        inventory: Inventory,
        resources: Resources,
        gatherer: FactsGatherer,
        recorder: EventRecorder,
        settling: Settling | None = None,
        clock: Callable[[], datetime] = utc_now,
        on_apply: Callable[[str], None] = lambda _: None,
        look_again: float = LOOK_AGAIN,
        sessions: Callable[[Key], int | None] = lambda _: None,
    ) -> None:
        """`on_apply` is told what each apply did: unchanged, created or updated. `settling` is for tests.

        `sessions` says how many callers talk to a resource; None where that is not known.
        """
        self._client, self._discovery, self._inventory = client, discovery, inventory
        self._resources, self._gatherer, self._recorder = resources, gatherer, recorder
        self._settling = settling or Settling()
        self._applier = Applier(client, discovery, inventory)
        self._clock, self._on_apply, self._look_again = clock, on_apply, look_again
        self._sessions = sessions

    async def reconcile(self, key: Key) -> float | None:
        """Do all that is missing; returns the seconds after which to look again even if nothing happens.

        Raises `KubeError` when it must be tried again.
        """
        body = self._resources.get(key)
        if body is None:
            self._gatherer.forget(key)
            self._settling.forget(key)
            return None
        if "deletionTimestamp" in body["metadata"]:
            return None
        now = self._clock()
        try:
            resource = VoiceDeployment.parse(body)
        except InvalidResourceError as error:
            generation, previous = body["metadata"]["generation"], body.get("status") or {}
            await self._publish(
                body, invalid_status(str(error), generation=generation, previous=previous, now=now), now=now
            )
            return None
        try:
            return await self._bring(key, body, resource, now=now)
        except TerminatingError:
            logger.info("namespace is being deleted", extra={"namespace": key[0], "resource": key[1]})
            return None

    async def _bring(self, key: Key, body: Json, resource: VoiceDeployment, *, now: datetime) -> float | None:
        owner = Owner(KIND, resource.metadata.name, resource.metadata.uid)
        plan = await self._plan(key, body, resource, owner, now)
        rendered = render(plan.running, plan.facts, canary=plan.canary)
        wait = self._settling.wait(key, pods_state(rendered.manifests))
        held = self._held(rendered, owner) if wait and not plan.is_rolled_back(resource) else frozenset()
        rendered = rendered.without(held)
        paused = is_paused(body["metadata"])
        self._applier.recognise(rendered.manifests, owner, resource.status.applied_hash or "")
        refused: dict[str, str] = {}
        blocked = None if paused else await self._apply(rendered, owner, refused)
        if blocked is None and not paused:
            blocked = await self._prune(key, rendered, owner)
        status = compute_status(
            resource,
            rendered,
            self._children(key, owner),
            pools=self._pool_children(key, plan.running, owner, refused),
            running=plan.running,
            paused=paused,
            blocked=blocked,
            held=held,
            applied="" if blocked or paused or refused else self._applier.fingerprint(rendered.manifests, owner),
            previous=body.get("status") or {},
            now=now,
        )
        await self._publish(body, status, now=now)
        if not plan.is_rolled_back(resource) and _is_to_be_rolled_back(resource, status):
            return AT_ONCE
        again = _look_again(rendered, blocked, refused, now=now, period=self._look_again)
        return min(wait, again or wait) if held else again

    def _held(self, rendered: Rendered, owner: Owner) -> frozenset[ObjectKey]:
        """What waits until the resource is left alone; nothing where the gateway's Deployment is yet to be made.

        A pool that is yet to be made waits for nobody.
        """
        rolling = [manifest for manifest in rendered.manifests if replaces_pods(manifest)]
        deployments = [manifest for manifest in rolling if manifest["kind"] == "Deployment"]
        missing = [manifest for manifest in deployments if not self._applier.exists(manifest, owner)]
        if any(pool_of(manifest) is None for manifest in missing):
            return frozenset()
        waiting = (one for one in rolling if one not in missing and not self._applier.is_applied(one, owner))
        return frozenset(object_key(one) for one in waiting)

    async def _plan(self, key: Key, body: Json, resource: VoiceDeployment, owner: Owner, now: datetime) -> _Plan:
        """Which spec serves, whether another is tried beside it, and the facts for both."""
        taken = self._resources.claims.taken(key)
        running = await in_effect(self._client, body, resource)
        main = await serving_beside(self._client, body, resource) if running is resource else None
        if main is not None:
            facts = await self._gatherer.gather(main, owner, taken_hosts=taken, now=now, canary=resource)
            if unshared(main, facts) is None:
                return _Plan(main, resource, facts)
        return _Plan(running, None, await self._gatherer.gather(running, owner, taken_hosts=taken, now=now))

    async def _apply(self, rendered: Rendered, owner: Owner, refused: dict[str, str]) -> Blocked | None:
        """Apply in order up to the first object that cannot be; what ran before goes on.

        What cannot be of a worker pool ends that pool alone, and is told in `refused` by the pool's name.
        """
        progressed = False
        for manifest in rendered.manifests:
            pool = pool_of(manifest)
            if pool in refused:
                continue
            try:
                outcome = await self._applier.apply(manifest, owner)
            except (NameConflictError, InvalidError, ForbiddenError) as error:
                if pool is None:
                    return _blocked(error)
                refused[pool] = str(error)
                continue
            except KubeError as error:
                error.progressed = progressed
                raise
            self._on_apply(outcome)
            if outcome != "unchanged":
                progressed = True
                logger.info("applied", extra={"outcome": outcome, **_named(manifest)})
        return await self._scale_all(rendered, owner)

    async def _scale_all(self, rendered: Rendered, owner: Owner) -> Blocked | None:
        try:
            for manifest in (rendered.scale, rendered.canary_scale, *rendered.worker_scales):
                await self._scale(manifest, owner)
        except (InvalidError, ForbiddenError) as error:
            return _blocked(error)
        return None

    async def _scale(self, manifest: Json | None, owner: Owner) -> None:
        if manifest is None:
            return
        ref, replicas = Ref.of(manifest), manifest["spec"]["replicas"]
        live = self._inventory.get(ref)
        if live is None or live.controller != owner.uid:
            return
        if live.view["replicas"] != replicas or not live.view["scaled"]:
            await self._applier.scale(ref, uid=live.uid, replicas=replicas)

    async def _prune(self, key: Key, rendered: Rendered, owner: Owner) -> Blocked | None:
        wanted = {object_key(manifest) for manifest in rendered.manifests} | rendered.keep
        for live in sorted(self._owned(key, owner), key=lambda live: live.ref.kind in _PRUNED_LAST):
            if live.ref.kind not in PRUNED or ObjectKey(live.ref.kind, live.ref.name) in wanted:
                continue
            if live.view.get("leaving"):
                continue
            if live.ref.kind == "ConfigMap" and not self._is_settled(key, owner):
                continue
            logger.info("pruning", extra={"kind": live.ref.kind, "namespace": key[0], "object": live.ref.name})
            try:
                await self._applier.delete(live)
            except ForbiddenError as error:
                return _blocked(error)
        return None

    def _is_settled(self, key: Key, owner: Owner) -> bool:
        """Whether the rollout is over, so that every ReplicaSet which needs a configuration is known."""
        views = [live.view for live in self._owned(key, owner) if live.ref.kind == "Deployment"]
        return all(
            view["observedGeneration"] >= view["generation"]
            and view["updatedReplicas"] == view["replicas"] == view["replicas_seen"]
            for view in views
        )

    def _owned(self, key: Key, owner: Owner) -> list[Live]:
        children = self._inventory.of(self._resources.children_of(key))
        return [live for live in children if live.controller == owner.uid]

    def _view(self, key: Key, owner: Owner, kind: str, *, name: str | None = None) -> Json | None:
        """Of the object that bears the resource's own name, or another: there may be several of its kind."""
        wanted = (kind, name or self._resources.children_of(key)[1])
        found = (live for live in self._owned(key, owner) if (live.ref.kind, live.ref.name) == wanted)
        return next((live.view for live in found), None)

    def _children(self, key: Key, owner: Owner) -> Children:
        return Children(
            deployment=self._view(key, owner, "Deployment"),
            canary=self._view(key, owner, "Deployment", name=child_name(key[1], CANARY.suffix)),
            ingress=self._view(key, owner, "Ingress"),
            route=self._view(key, owner, "HTTPRoute"),
            autoscaler=self._autoscaler(key, owner),
            scaled_object=self._view(key, owner, "ScaledObject"),
            sessions=self._sessions(key),
            pods=self._pods(key, pool=None),
        )

    def _pool_children(
        self, key: Key, resource: VoiceDeployment, owner: Owner, refused: Mapping[str, str]
    ) -> dict[str, PoolChildren]:
        names = {pool.name: worker_name(resource, pool) for pool in resource.spec.worker_pools or ()}
        return {
            pool: PoolChildren(
                deployment=self._view(key, owner, "Deployment", name=name),
                autoscaler=self._view(key, owner, "HorizontalPodAutoscaler", name=name),
                pods=self._pods(key, pool=pool),
                refused=refused.get(pool),
            )
            for pool, name in names.items()
        }

    def _pods(self, key: Key, *, pool: str | None) -> dict[str, Json]:
        """Those of the gateway, or of one pool."""
        siblings = self._inventory.of(self._resources.children_of(key))
        found = (live for live in siblings if live.ref.kind == "Pod" and live.view["pool"] == pool)
        return {live.ref.name: live.view for live in found}

    def _autoscaler(self, key: Key, owner: Owner) -> Json | None:
        """Ours, or what KEDA made of our ScaledObject: that has our labels, and another controller."""
        namespace, name = self._resources.children_of(key)
        made = Ref("autoscaling/v2", "HorizontalPodAutoscaler", namespace, made_by_keda(name))
        live = self._inventory.get(made)
        return self._view(key, owner, "HorizontalPodAutoscaler") or (live.view if live else None)

    async def _publish(self, body: Json, status: Json, *, now: datetime) -> None:
        """Write the status where it changed, after telling what changed: a crash between repeats neither."""
        previous = body.get("status") or {}
        if status == previous:
            return
        for transition in transitions(previous, status):
            logger.info("condition changed", extra=_logged(body, transition))
            if _is_news(transition):
                await self._recorder.post(_regarding(body), _happening(transition), now=now)
        metadata = {name: body["metadata"][name] for name in ("name", "namespace", "uid")}
        document: Json = {"apiVersion": API_VERSION, "kind": KIND, "metadata": metadata, "status": status}
        path = await self._discovery.path(Ref.of(document), subresource="status")
        try:
            answer = await self._client.apply(path, document, field_manager=FIELD_MANAGER, force=True)
        except NotFoundError:
            return
        if answer.get("status") == status:
            self._resources.record(answer)


def _is_to_be_rolled_back(resource: VoiceDeployment, status: Json) -> bool:
    """Whether the next run brings the last good revision to the pods."""
    wanted = resource.spec.rollout.on_failure == "Rollback"
    return wanted and "failedRevision" in status and "currentRevision" in status


def _look_again(
    rendered: Rendered, blocked: Blocked | None, refused: Mapping[str, str], *, now: datetime, period: float
) -> float | None:
    """Seconds until something may be different without any news of it."""
    waits = [LOOK_AGAIN_AT_POOLS] if refused else []
    if blocked is not None or any(f.reason is Reason.INGRESS_CLASS_NOT_FOUND for f in rendered.findings):
        waits.append(period)
    certificate = rendered.certificate
    moments = (certificate.renew_after, certificate.not_after) if certificate else ()
    waits += [(moment - now).total_seconds() + 1 for moment in moments if moment is not None and moment > now]
    return min(waits, default=None)


def _blocked(error: KubeError) -> Blocked:
    reason = Reason.NAME_CONFLICT if isinstance(error, NameConflictError) else Reason.APPLY_FAILED
    return Blocked(reason, str(error))


def _named(manifest: Json) -> dict[str, str]:
    metadata = manifest["metadata"]
    return {"kind": manifest["kind"], "namespace": metadata["namespace"], "object": metadata["name"]}


def _regarding(body: Json) -> Json:
    names = ("name", "namespace", "uid", "resourceVersion")
    return {"apiVersion": API_VERSION, "kind": KIND, **{name: body["metadata"][name] for name in names}}


def _is_news(transition: Transition) -> bool:
    if transition.type == ConditionType.READY:
        return True
    is_new = transition.since == "/"
    return transition.type in _EVENTFUL and not (is_new and transition.status != "False")


def _logged(body: Json, transition: Transition) -> dict[str, str]:
    metadata = body["metadata"]
    return {
        "namespace": metadata["namespace"],
        "resource": metadata["name"],
        "condition": transition.type,
        "status": transition.status,
        "reason": transition.reason,
    }


def _happening(transition: Transition) -> Happening:
    harmless = transition.status != "False" or transition.reason in _EXPECTED
    return Happening(
        type="Normal" if harmless else "Warning",
        reason=transition.reason,
        note=f"{transition.type} is {transition.status}: {transition.message}",
        action="Reconcile",
        since=transition.since,
    )
