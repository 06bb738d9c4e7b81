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
from parley_operator.api.conditions import Reason
from parley_operator.children import LiveChildren
from parley_operator.former_pods import FormerPods
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
    OverlookedError,
    TerminatingError,
)
from parley_operator.kube.events import EventRecorder
from parley_operator.kube.inventory import Inventory, Key
from parley_operator.pruning import superfluous
from parley_operator.publishing import Publisher
from parley_operator.render import Facts, Rendered, object_key, render
from parley_operator.render.canary import unshared
from parley_operator.render.rendered import ObjectKey
from parley_operator.render.worker_pools import pool_of
from parley_operator.resources import Resources, is_paused
from parley_operator.rollback import in_effect
from parley_operator.settling import Settling, pods_state, replaces_pods
from parley_operator.status import Blocked, compute_status, invalid_status
from parley_operator.trial import serving_beside

logger = logging.getLogger(__name__)

LOOK_AGAIN = 15.0
"""Seconds after which to look again, by default, at what no watch tells of: a foreign object in the way, a missing
class, a right that was taken away."""
LOOK_AGAIN_AT_POOLS = 60.0
"""Seconds after which to try again what was refused of a worker pool: a quota may be lifted."""
AT_ONCE = 0.1
"""Seconds, for what follows from what this very run has found."""


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

    @property
    def is_autoscaled(self) -> bool:
        """Whether the gateway's replicas are somebody else's to change."""
        return self.running.spec.scaling.type != "Fixed"

    def is_rolled_back(self, resource: VoiceDeployment) -> bool:
        return self.running is not resource and self.canary is None

    def has_made_up(self, manifest: Json) -> bool:
        """Whether it is a Secret, all of which are generated, of which nothing was known before."""
        return manifest["kind"] == "Secret" and manifest["metadata"]["name"] not in self.facts.own_secrets


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
        self._resources, self._gatherer = resources, gatherer
        self._settling = settling or Settling()
        self._applier, self._children = Applier(client, discovery, inventory), LiveChildren(inventory)
        self._former_pods = FormerPods(self._children, is_applied=self._applier.is_applied)
        self._publisher = Publisher(client, discovery=discovery, resources=resources, recorder=recorder)
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
            await self._publisher.publish(
                body, invalid_status(str(error), generation=generation, previous=previous, now=now), now=now
            )
            return None
        try:
            return await self._bring(key, body, resource, now=now)
        except TerminatingError:
            logger.info("namespace is being deleted", extra={"namespace": key[0], "resource": key[1]})
            return None
        except OverlookedError as error:
            logger.info("starting again", extra={"namespace": key[0], "resource": key[1], "because": str(error)})
            return AT_ONCE

    async def _bring(self, key: Key, body: Json, resource: VoiceDeployment, *, now: datetime) -> float | None:
        owner = Owner(KIND, resource.metadata.name, resource.metadata.uid)
        plan = await self._plan(key, body, resource, owner, now)
        rendered = render(plan.running, plan.facts, canary=plan.canary)
        wait = self._settling.wait(key, pods_state(rendered.manifests))
        held = self._held(rendered, owner) if wait and not plan.is_rolled_back(resource) else frozenset()
        narrow = rendered.without(held)
        rendered = self._former_pods.let_out(key, narrow, owner)
        paused = is_paused(body["metadata"])
        self._applier.recognise(rendered.manifests, owner, resource.status.applied_hash or "")
        if not paused and resource.status.applied_hash and await self._is_gone(key, rendered, owner):
            return None
        refused: dict[str, str] = {}
        blocked = None if paused else await self._apply(plan, rendered, owner, refused)
        if blocked is None and not paused:
            blocked = await self._prune(key, rendered, owner)
        status = compute_status(
            resource,
            rendered,
            self._children.of_gateway(key, owner, sessions=self._sessions(key)),
            pools=self._children.of_pools(key, plan.running, owner, refused),
            running=plan.running,
            paused=paused,
            blocked=blocked,
            held=held,
            applied="" if blocked or paused or refused else self._applier.fingerprint(rendered.manifests, owner),
            previous=body.get("status") or {},
            now=now,
        )
        await self._publisher.publish(body, status, now=now)
        if not plan.is_rolled_back(resource) and _is_to_be_rolled_back(resource, status):
            return AT_ONCE
        if rendered is not narrow and not self._former_pods.exist(key, narrow, owner):
            return AT_ONCE
        again = _look_again(rendered, blocked, refused, now=now, period=self._look_again)
        return min(wait, again or wait) if held else again

    async def _is_gone(self, key: Key, rendered: Rendered, owner: Owner) -> bool:
        """Whether a resource that lacks children is itself deleted, of which no watch has told yet.

        What the garbage collector takes away then must not be taken for somebody's hand, and made again.
        """
        if all(self._applier.exists(manifest, owner) for manifest in rendered.manifests):
            return False
        namespace, name = key
        try:
            found = await self._client.get(await self._discovery.path(Ref(API_VERSION, KIND, namespace, name)))
        except NotFoundError:
            return True
        return found["metadata"]["uid"] != owner.uid or "deletionTimestamp" in found["metadata"]

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

    async def _apply(
        self, plan: _Plan, rendered: Rendered, owner: Owner, refused: dict[str, str]
    ) -> Blocked | None:
        """Apply in order up to the first object that cannot be; what ran before goes on.

        What cannot be of a worker pool ends that pool alone, and is told in `refused` by the pool's name.
        """
        progressed = False
        for manifest in rendered.manifests:
            pool = pool_of(manifest)
            if pool in refused:
                continue
            try:
                outcome = await self._applier.apply(manifest, owner, is_new=plan.has_made_up(manifest))
            except (NameConflictError, InvalidError, ForbiddenError) as error:
                if pool is None:
                    return _blocked(error)
                refused[pool] = str(error)
                continue
            except KubeError as error:
                error.progressed = error.progressed or progressed
                raise
            self._on_apply(outcome)
            if outcome != "unchanged":
                progressed = True
                logger.info("applied", extra={"outcome": outcome, **_named(manifest)})
        return await self._scale_all(plan, rendered, owner)

    async def _scale_all(self, plan: _Plan, rendered: Rendered, owner: Owner) -> Blocked | None:
        try:
            await self._scale(rendered.scale, owner, claims=plan.is_autoscaled)
            for manifest in (rendered.canary_scale, *rendered.worker_scales):
                await self._scale(manifest, owner, claims=False)
        except (InvalidError, ForbiddenError) as error:
            return _blocked(error)
        return None

    async def _scale(self, manifest: Json | None, owner: Owner, *, claims: bool) -> None:
        """Where the number is another; `claims`: also where it is the server's default, which nobody has said."""
        if manifest is None:
            return
        ref, replicas = Ref.of(manifest), manifest["spec"]["replicas"]
        live = self._inventory.get(ref)
        if live is None or live.controller != owner.uid:
            return
        if live.view["replicas"] != replicas or (claims and not live.view["claimed"]):
            await self._applier.scale(ref, uid=live.uid, replicas=replicas)

    async def _prune(self, key: Key, rendered: Rendered, owner: Owner) -> Blocked | None:
        wanted = {object_key(manifest) for manifest in rendered.manifests} | rendered.keep
        is_settled = self._children.is_settled(key, owner)
        for live in superfluous(self._children.owned(key, owner), wanted, is_settled=is_settled):
            logger.info("pruning", extra={"kind": live.ref.kind, "namespace": key[0], "object": live.ref.name})
            try:
                await self._applier.delete(live)
            except ForbiddenError as error:
                return _blocked(error)
        return None


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
