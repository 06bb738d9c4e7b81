"""What a dialect is: a table with a row for each topic, and what the rows of one resource come to.

A row says its topic by annotations or by objects of the controller's own, or names the setting of the controller
that says it instead. Topics that a resource does not ask about are passed over, so rows need not look.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from parley_operator.api.conditions import ConditionType, Reason
from parley_operator.render.apis import OPTIONAL
from parley_operator.render.ingress.exposure import Exposure
from parley_operator.render.rendered import Finding


class Topic(StrEnum):
    """What a voice service needs of an ingress controller, in words for a message."""

    TIMEOUTS = "timeouts of silent and of long connections"
    RELOADS = "open connections when the controller or a pod goes"
    AFFINITY = "affinity of a client to a pod"
    HEALTH = "health checks"
    BODY_SIZE = "the largest request body"
    CERTIFICATE = "the certificate"
    TLS_VERSION = "TLS 1.2 or later"
    REDIRECT = "the redirect from HTTP to HTTPS"
    HSTS = "HSTS"
    NO_HSTS = "silence about HSTS"
    RATE_LIMIT = "endpoint.rateLimit"
    ORIGINS = "endpoint.allowedOrigins"


_ASKS: Mapping[Topic, Callable[[Exposure], bool]] = {
    Topic.CERTIFICATE: lambda exposed: exposed.tls_secret is not None,
    Topic.TLS_VERSION: lambda exposed: exposed.tls_secret is not None,
    Topic.REDIRECT: lambda exposed: exposed.tls_secret is not None,
    Topic.HSTS: lambda exposed: exposed.hsts,
    Topic.NO_HSTS: lambda exposed: exposed.tls_secret is not None and not exposed.hsts,
    Topic.RATE_LIMIT: lambda exposed: exposed.rate_limit is not None,
    Topic.ORIGINS: lambda exposed: bool(exposed.origins),
}
"""Topics that not every resource asks about."""


@dataclass(frozen=True)
class Extra:
    """An object of the controller's own kind, without its metadata. Several rows may each say a part of it."""

    kind: str
    suffix: str
    """Of its name, after the resource's; empty for the resource's own name."""
    body: dict[str, Any]
    annotations: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Words:
    """What one row says. Values of one annotation that several rows say are joined by commas."""

    ingress: Mapping[str, str] = field(default_factory=dict)
    service: Mapping[str, str] = field(default_factory=dict)
    extras: tuple[Extra, ...] = ()
    redirect: Mapping[str, str] | None = None
    """Annotations of a second Ingress for plain HTTP, where the controller needs one to redirect."""
    canary: Mapping[str, str] | None = None
    """Annotations of a second Ingress for a canary's Service, where the controller shares connections by one."""
    unsaid: tuple[str, ...] = ()
    """What the controller takes from its own configuration alone: the setting to change, and where."""

    def __add__(self, other: Words) -> Words:
        """Both at once."""
        return Words(
            ingress=_joined(self.ingress, other.ingress),
            service=_joined(self.service, other.service),
            extras=_merged((*self.extras, *other.extras)),
            redirect=other.redirect if self.redirect is None else self.redirect,
            canary=other.canary if self.canary is None else self.canary,
            unsaid=(*self.unsaid, *other.unsaid),
        )


Row = Callable[[Exposure], Words]


@dataclass(frozen=True)
class Dialect:
    """How one ingress controller is told about long-lived WebSockets."""

    name: str
    controllers: tuple[str, ...]
    """`spec.controller` of the IngressClasses that speak it."""
    class_names: tuple[str, ...]
    """Usual names of those classes, for operators that may not read IngressClasses."""
    table: Mapping[Topic, Row]
    """A row for every topic."""
    reason: Reason = Reason.SET_IN_CONTROLLER
    """Why a setting is not honoured where a row cannot say it."""
    canary: Callable[[Exposure, int], Words] | None = None
    """Gives a canary's Service so many percent of new connections; None: there are no words for that."""

    @property
    def title(self) -> str:
        """Its name in the middle of a sentence."""
        return "this ingress controller" if self.reason is Reason.UNKNOWN_CONTROLLER else self.name


@dataclass(frozen=True)
class Told:
    """What the controller is told about one resource."""

    words: Words
    findings: tuple[Finding, ...]


def tell(dialect: Dialect, exposed: Exposure, apis: frozenset[str]) -> Told:
    """All rows that the resource asks about. One that needs a kind which is not served says nothing."""
    words, findings = Words(), []
    for topic in Topic:
        if not _ASKS.get(topic, _always)(exposed):
            continue
        said = dialect.table[topic](exposed)
        missing = sorted({extra.kind for extra in said.extras} - apis)
        if missing:
            findings.append(_not_served(dialect, topic, missing[0]))
            continue
        findings += [Finding(ConditionType.SETTINGS_HONOURED, dialect.reason, text) for text in said.unsaid]
        words += said
    return Told(words, tuple(findings))


def on_ingress(annotations: Mapping[str, str]) -> Words:
    """Said by annotations of the Ingress."""
    return Words(ingress=annotations)


def on_service(annotations: Mapping[str, str]) -> Words:
    """Said by annotations of the Service."""
    return Words(service=annotations)


def unsaid(text: str) -> Words:
    """Said in the controller's own configuration alone."""
    return Words(unsaid=(text,))


def by_default(_: Exposure) -> Words:
    """The controller does it unless it is told otherwise."""
    return Words()


def _always(_: Exposure) -> bool:
    return True


def _not_served(dialect: Dialect, topic: Topic, kind: str) -> Finding:
    text = (
        f"{dialect.name} is told about {topic} by objects of kind {kind} ({OPTIONAL[kind].group}), which this "
        "cluster does not serve: install that API"
    )
    return Finding(ConditionType.SETTINGS_HONOURED, Reason.API_NOT_SERVED, f"{text}.")


def _joined(first: Mapping[str, str], second: Mapping[str, str]) -> dict[str, str]:
    return {key: ",".join(value[key] for value in (first, second) if key in value) for key in {**first, **second}}


def _merged(extras: tuple[Extra, ...]) -> tuple[Extra, ...]:
    found: dict[tuple[str, str], Extra] = {}
    for extra in extras:
        known = found.get((extra.kind, extra.suffix))
        found[extra.kind, extra.suffix] = replace(extra, body=_deep(known.body, extra.body)) if known else extra
    return tuple(found.values())


def _deep(first: dict[str, Any], second: dict[str, Any]) -> dict[str, Any]:
    merged = dict(first)
    for key, value in second.items():
        known = merged.get(key)
        merged[key] = _deep(known, value) if isinstance(known, dict) and isinstance(value, dict) else value
    return merged
