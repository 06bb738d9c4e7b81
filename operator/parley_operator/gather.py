"""Gathering the facts that a resource's rendering depends on, with as few requests as the news demands."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from parley_operator.api import VoiceDeployment
from parley_operator.gateways import Gateways
from parley_operator.ingress_classes import IngressClasses
from parley_operator.issuance import issuance
from parley_operator.kube.apply import Owner
from parley_operator.kube.client import Json
from parley_operator.kube.discovery import Ref
from parley_operator.kube.inventory import Inventory, Key
from parley_operator.kube.objects import Data
from parley_operator.referenced import ReferencedValues
from parley_operator.render import Facts, generated, signing, tls, token
from parley_operator.render.apis import OPTIONAL
from parley_operator.render.engines import ENGINES, made_by_keda
from parley_operator.render.facts import Claim, IngressClass, Issuance
from parley_operator.render.names import base_name, child_name
from parley_operator.render.track import CANARY, TRACKS
from parley_operator.views import unsealed


@dataclass(frozen=True)
class Release:
    """What this operator installs where a resource does not say."""

    version: str
    image_repository: str
    images: Mapping[str, str] = field(default_factory=dict)
    """Whole image references for certain releases."""
    pull_policy: str = "IfNotPresent"


class FactsGatherer:
    """Everything `render` needs to know."""

    def __init__(
        self,
        *,
        inventory: Inventory,
        values: ReferencedValues,
        classes: IngressClasses,
        apis: Callable[[], frozenset[str]],
        custom_metrics: Callable[[], bool],
        gateways: Gateways,
        release: Release,
        operator_namespace: str | None,
    ) -> None:
        """`apis` says which optional kinds are served at the moment, `custom_metrics` whether that group is.

        `operator_namespace` is where this operator is a pod, if it is one.
        """
        self._inventory, self._values = inventory, values
        self._classes, self._apis, self._gateways, self._release = classes, apis, gateways, release
        self._custom_metrics, self._operator_namespace = custom_metrics, operator_namespace

    async def gather(
        self,
        resource: VoiceDeployment,
        owner: Owner,
        *,
        taken_hosts: Mapping[str, str],
        now: datetime,
        canary: VoiceDeployment | None = None,
    ) -> Facts:
        """The facts as they are at this moment, with what must be generated already made.

        Of a canary they say what its pods need: all else is the resource's. Nobody is asked whether a generated
        Secret is there that no watch has brought: applying it will tell.
        """
        key = (resource.metadata.namespace, resource.metadata.name)
        names = _generated_names(resource) | (_generated_names(canary) if canary else {})
        secrets = {suffix: self._own_secret(key[0], name, owner) for suffix, name in names.items()}
        known = generated.read(secrets)
        facts = Facts(
            release=self._release.version,
            image_repository=self._release.image_repository,
            images=self._release.images,
            image_pull_policy=self._release.pull_policy,
            operator_namespace=self._operator_namespace,
            ingress_class=await self._ingress_class(resource),
            apis=self._apis(),
            custom_metrics=self._custom_metrics(),
            gateways=self._gateways.named_by(resource),
            route_controllers=self._route_controllers(key),
            taken_hosts=taken_hosts,
            now=now,
            engines=self._engines(key, owner),
            replicas=self._replicas(key, resource),
            worker_replicas=self._worker_replicas(key, owner),
            claims=self._claims(key, owner),
            canary_available=self._canary_available(key, owner),
            config_maps_in_use=self._config_maps_in_use(key),
            revisions=self._revisions(key),
            own_secrets=frozenset(names[suffix] for suffix, data in secrets.items() if data is not None),
            salt=known.salt,
            token=known.token,
            signing_key=known.signing_key,
            tls=known.tls,
            issuance=self._issuance(key),
            ingress_secret=self._ingress_secret(key),
        )
        facts = generated.complete(resource, facts, now=now, canary=canary)
        referenced = await self._values.read(resource, salt=facts.salt or "", canary=canary)
        return replace(
            facts,
            values=referenced.values,
            served_certificate=referenced.certificate,
            issued_for=referenced.issued_for,
            addresses=referenced.addresses,
        )

    def forget(self, key: Key) -> None:
        """The resource is gone."""
        self._values.forget(key)
        self._gateways.forget(key)

    async def _ingress_class(self, resource: VoiceDeployment) -> IngressClass | None:
        endpoint = resource.spec.endpoint
        if endpoint is None or endpoint.ingress is None:
            return None
        if annotated := endpoint.ingress.annotated_class:
            return IngressClass(name=annotated, controller=None)
        return await self._classes.resolve(endpoint.ingress.class_name)

    def _own_secret(self, namespace: str, name: str, owner: Owner) -> Data | None:
        live = self._inventory.get(Ref("v1", "Secret", namespace, name))
        return unsealed(live.view) if live is not None and live.controller == owner.uid else None

    def _route_controllers(self, key: Key) -> frozenset[str]:
        live = self._inventory.get(Ref(OPTIONAL["HTTPRoute"].api_version, "HTTPRoute", key[0], base_name(key[1])))
        return frozenset(parent["controller"] for parent in live.view["parents"]) if live else frozenset()

    def _engines(self, key: Key, owner: Owner) -> frozenset[str]:
        """A HorizontalPodAutoscaler that KEDA made has our labels, and the ScaledObject as its controller."""
        name = base_name(key[1])
        found = set()
        for live in self._inventory.of((key[0], name)):
            if live.ref.kind == "HorizontalPodAutoscaler" and live.ref.name == made_by_keda(name):
                found.add("KEDA")
            elif live.ref.name == name and live.controller == owner.uid:
                found.add(ENGINES.get(live.ref.kind, ""))
        return frozenset(found - {""})

    def _issuance(self, key: Key) -> Issuance | None:
        api = OPTIONAL["Certificate"].api_version
        live = self._inventory.get(Ref(api, "Certificate", key[0], base_name(key[1])))
        return issuance(live.view) if live else None

    def _ingress_secret(self, key: Key) -> str | None:
        live = self._inventory.get(Ref("networking.k8s.io/v1", "Ingress", key[0], base_name(key[1])))
        return live.view["secret"] if live else None

    def _replicas(self, key: Key, resource: VoiceDeployment) -> int | None:
        live = self._inventory.get(Ref("apps/v1", "Deployment", key[0], base_name(key[1])))
        is_fixed = resource.spec.scaling.type == "Fixed"
        return live.view["replicas"] if live and (is_fixed or live.view["claimed"]) else None

    def _worker_replicas(self, key: Key, owner: Owner) -> dict[str, int]:
        gateways = {child_name(key[1], track.suffix) for track in TRACKS}
        found = self._owned(key, owner, "Deployment")
        return {name: view["replicas"] for name, view in found if name not in gateways}

    def _claims(self, key: Key, owner: Owner) -> dict[str, Claim]:
        return {
            name: Claim(
                size=view["size"],
                storage_class=view["storage_class"],
                access_modes=tuple(view["access_modes"]),
            )
            for name, view in self._owned(key, owner, "PersistentVolumeClaim")
        }

    def _owned(self, key: Key, owner: Owner, kind: str) -> list[tuple[str, Json]]:
        """Name and view of the resource's own objects of a kind."""
        children = self._inventory.of((key[0], base_name(key[1])))
        found = (live for live in children if live.ref.kind == kind and live.controller == owner.uid)
        return [(live.ref.name, live.view) for live in found]

    def _canary_available(self, key: Key, owner: Owner) -> int:
        views = dict(self._owned(key, owner, "Deployment"))
        view = views.get(child_name(key[1], CANARY.suffix))
        return view["availableReplicas"] if view else 0

    def _config_maps_in_use(self, key: Key) -> frozenset[str]:
        children = self._inventory.of((key[0], base_name(key[1])))
        return frozenset(live.view["config"] for live in children if live.ref.kind == "ReplicaSet") - {None}

    def _revisions(self, key: Key) -> dict[str, int]:
        children = self._inventory.of((key[0], base_name(key[1])))
        return {live.ref.name: live.view["revision"] for live in children if live.ref.kind == "ControllerRevision"}


def _generated_names(resource: VoiceDeployment) -> dict[str, str]:
    """The Secrets that the operator generates for this resource: suffix and name."""
    suffixes = ["salt"]
    if token.is_generated(resource):
        suffixes.append("token")
    if signing.mints_client_secrets(resource):
        suffixes.append("signing")
    if tls.is_self_signed(resource):
        suffixes += ["ca", "tls"]
    return {suffix: child_name(resource.metadata.name, suffix) for suffix in suffixes}
