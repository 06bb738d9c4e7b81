"""What rendering needs to know of the cluster. Whoever reconciles gathers it; `offline` supposes it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from parley_operator.render.addresses import Address
from parley_operator.render.references import ReferencedValue, ValueId

GATEWAY_IMAGE = "parley/gateway"
"""The repository of gateways' images where nobody names one; the chart's value has the same default."""


@dataclass(frozen=True)
class IngressClass:
    """The IngressClass that applies: the one the spec names, or the cluster's default."""

    name: str
    controller: str | None
    """`spec.controller` of the class, as in traefik.io/ingress-controller; None where it may not be read."""


@dataclass(frozen=True)
class Listener:
    """What of a Gateway's listener decides whether and how a route attaches."""

    name: str
    protocol: str
    """HTTP, HTTPS, or one that takes no HTTPRoute."""
    port: int
    hostname: str | None
    """Exact, or with a wildcard for its first labels; None: any."""


@dataclass(frozen=True)
class Gateway:
    """A Gateway of the Gateway API."""

    listeners: tuple[Listener, ...]


@dataclass(frozen=True)
class CertificateFact:
    """What can be read of a certificate."""

    hosts: tuple[str, ...]
    """The DNS names it is for; a wildcard is written as it stands."""
    not_after: datetime
    """When it expires, in UTC."""


@dataclass(frozen=True)
class Issuance:
    """What cert-manager says of a Certificate as it is now."""

    failure: str | None
    """Why the last attempt to get it failed; None: it did not."""
    waiting: str | None
    """Why what the Secret holds does not do; None: it does, or nothing was said."""
    renew_after: datetime | None
    """When it is renewed, in UTC."""


@dataclass(frozen=True, kw_only=True)
class TlsMaterial:
    """A self-signed authority and the certificate it signed, all PEM. Never logged, hence no repr of the keys."""

    ca_certificate: bytes
    """The authority that signs now."""
    ca_key: bytes = field(repr=False)
    next_ca_certificate: bytes | None = None
    """The authority that will sign next; published beforehand, so that clients trust it in time."""
    next_ca_key: bytes | None = field(default=None, repr=False)
    previous_ca_certificate: bytes | None = None
    """The authority before; published until the last certificate it signed is gone."""
    certificate: bytes
    """The served certificate."""
    key: bytes = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class Claim:
    """What of a PersistentVolumeClaim is said when it is made."""

    size: str
    """As the API server writes it."""
    storage_class: str | None
    """None: the cluster's default, or none."""
    access_modes: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What rendering needs to know of the cluster and of the operator."""

    release: str
    """Gateway release for a resource that names none and has none yet, as in "0.1"."""
    image_repository: str = GATEWAY_IMAGE
    """The gateway image without its tag; the release is the tag."""
    images: Mapping[str, str] = field(default_factory=dict)
    """Whole image references for certain releases, for instance with a digest."""
    image_pull_policy: str = "IfNotPresent"
    operator_namespace: str | None = None
    """Where the operator's own pods are; None: not known, or it is no pod."""

    ingress_class: IngressClass | None = None
    """None: there is no such class, or no default class."""
    apis: frozenset[str] = frozenset()
    """The kinds of `render.apis.OPTIONAL` that the API server serves."""
    custom_metrics: bool = False
    """Whether the API server serves `apis.CUSTOM_METRICS`."""
    gateways: Mapping[tuple[str, str], Gateway | None] = field(default_factory=dict)
    """The Gateways that the resource names, by namespace and name; None: there is none. One that is absent here is
    not known."""
    route_controllers: frozenset[str] = frozenset()
    """Controllers of Gateways that answered in the status of the live HTTPRoute."""
    taken_hosts: Mapping[str, str] = field(default_factory=dict)
    """Hosts that an older VoiceDeployment has, and its namespace/name."""
    values: Mapping[ValueId, ReferencedValue] = field(default_factory=dict)
    """What is known of each reference; one that is absent here is taken for present (offline)."""
    addresses: Mapping[ValueId, tuple[Address, ...]] = field(default_factory=dict)
    """Where URLs in Secrets lead; empty or absent where they cannot be read."""
    served_certificate: CertificateFact | None = None
    """What `certificates.describe` read of the Secret of `tls.secretRef` or `tls.certManager`; None: nothing
    readable."""
    issued_for: str | None = None
    """The Certificate that cert-manager made that Secret for; None: there is none, or somebody else made it."""
    issuance: Issuance | None = None
    """What cert-manager says of the live Certificate; None: there is no such object."""
    ingress_secret: str | None = None
    """The Secret that the live Ingress names for its certificate; None: there is no Ingress, or it names none."""
    now: datetime = datetime(1970, 1, 1, tzinfo=UTC)
    """When the facts were gathered, in UTC. Findings depend on it, manifests do not."""

    own_secrets: frozenset[str] = frozenset()
    """Names of the resource's own Secrets that are known to be there. What others are to hold is made up, and must
    not be written over one that is there after all."""
    salt: str | None = None
    """Content of the live Secret <name>-salt; None: there is none yet."""
    token: str | None = field(default=None, repr=False)
    """Content of the live Secret <name>-token; None: there is none yet."""
    signing_key: str | None = field(default=None, repr=False)
    """Content of the live Secret <name>-signing; None: there is none yet."""
    tls: TlsMaterial | None = field(default=None, repr=False)
    """Content of the live Secrets <name>-ca and <name>-tls; None: there are none, or they are not readable."""

    engines: frozenset[str] = frozenset()
    """Autoscalers of the gateway that are live: HPA, KEDA, both while one hands over to the other."""
    replicas: int | None = None
    """`spec.replicas` of the live Deployment; None: there is none, or it is to be autoscaled and has the server's
    default, which nobody has said."""
    worker_replicas: Mapping[str, int] = field(default_factory=dict)
    """`spec.replicas` of the live Deployments of worker pools, by name."""
    claims: Mapping[str, Claim] = field(default_factory=dict)
    """The live claims of worker pools, by name."""
    canary_available: int = 0
    """Pods of the live canary's Deployment that take new sessions; 0: there is no canary."""
    revisions: Mapping[str, int] = field(default_factory=dict)
    """Name and number of each live ControllerRevision of this resource."""
    config_maps_in_use: frozenset[str] = frozenset()
    """Names of the config ConfigMaps that a live ReplicaSet of this resource still names."""
