"""O3, O4: what each ingress controller is told. The files in golden/ingress/ are reviewed like code.

`python -m tests.unit.operator.test_ingress` writes them anew.
"""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from parley_operator.api.conditions import ConditionType, Reason
from parley_operator.api.yaml_text import as_yaml_stream
from parley_operator.render import Facts, Rendered, render
from parley_operator.render.apis import OPTIONAL
from parley_operator.render.facts import IngressClass
from parley_operator.render.ingress.dialect import Dialect, Topic
from parley_operator.render.ingress.dialects import DIALECTS
from parley_operator.render.ingress.exposure import exposure
from parley_operator.render.ingress.generic import GENERIC
from parley_operator.render.ingress.origins import exact, pattern, patterns
from tests.unit.operator.examples import resource, secret
from tests.unit.operator.facts import FACTS, INGRESS_NGINX, TRAEFIK, of_kind, parse, the, with_values

GOLDEN = Path(__file__).parent / "golden" / "ingress"
CLASSES = {
    "traefik": TRAEFIK,
    "ingress-nginx": INGRESS_NGINX,
    "f5-nginx": IngressClass("nginx", "nginx.org/ingress-controller"),
    "haproxy": IngressClass("haproxy", "haproxy.org/ingress-controller/haproxy"),
    "haproxy-ingress": IngressClass("haproxy", "haproxy-ingress.github.io/controller"),
    "contour": IngressClass("contour", "projectcontour.io/ingress-controller"),
    "istio": IngressClass("istio", "istio.io/ingress-controller"),
    "kong": IngressClass("kong", "ingress-controllers.konghq.com/kong"),
    "alb": IngressClass("alb", "ingress.k8s.aws/alb"),
    "gce": IngressClass("gce", None),
    "agic": IngressClass("azure-application-gateway", "azure/application-gateway"),
    "generic": IngressClass("other", "example.com/ingress"),
}
PAGE = Path(__file__).parents[3] / "docs" / "ingress.md"
COLUMNS = {
    "silence": Topic.TIMEOUTS,
    "reloads, draining": Topic.RELOADS,
    "affinity": Topic.AFFINITY,
    "body size": Topic.BODY_SIZE,
    "TLS 1.2": Topic.TLS_VERSION,
    "301": Topic.REDIRECT,
    "HSTS": Topic.HSTS,
    "rate": Topic.RATE_LIMIT,
    "CORS": Topic.ORIGINS,
}
"""Of the page's table."""
GIVEN = {"tls": {"secretRef": {"name": "voice"}}}
SELF_SIGNED: dict[str, Any] = {"tls": {"selfSigned": {}}}
CASES: dict[str, dict[str, Any]] = {
    "everything, with a certificate": {
        "ingress": GIVEN,
        "connection": {"idleTimeout": "10m", "maxDuration": "2h"},
        "rateLimit": {"perClientIP": {"connectionsPerSecond": 50, "burst": 100}},
        "allowedOrigins": ["https://example.com", "https://*.example.org:8443"],
    },
    "self-signed": {"ingress": SELF_SIGNED},
    "plain": {"ingress": {}},
}
ALL_APIS = frozenset(kind for kind, api in OPTIONAL.items() if api.group != "monitoring.coreos.com")
IN_GOLDEN = ("Ingress", "Service", *OPTIONAL)


def rendered(controller: str, *, apis: frozenset[str] = ALL_APIS, **endpoint: Any) -> Rendered:
    vd = parse(document(controller, **endpoint))
    return render(vd, replace(with_values(vd), apis=apis, ingress_class=CLASSES[controller]))


def document(controller: str, **endpoint: Any) -> dict[str, Any]:
    ingress = endpoint.pop("ingress", {})
    if controller == "gce":
        ingress = {**ingress, "annotations": {"kubernetes.io/ingress.class": "gce"}}
    return resource(
        endpoint={"hosts": ["voice.example.com"], "ingress": ingress, **endpoint},
        auth={"apiKeys": [{"name": "backend", "valueFrom": secret("tokens", "backend")}], "clientSecrets": {}},
    )


def golden(controller: str) -> str:
    parts: list[dict[str, Any]] = []
    for case, endpoint in CASES.items():
        found = rendered(controller, **endpoint)
        settings = [f for f in found.findings if f.condition is ConditionType.SETTINGS_HONOURED]
        said = {
            f"{m['kind']}/{m['metadata']['name']}": _told(m) for m in found.manifests if m["kind"] in IN_GOLDEN
        }
        parts.append({"case": case, **said, "unsaid": [f"{f.reason}: {f.message}" for f in settings]})
    return as_yaml_stream(parts)


def _told(manifest: dict[str, Any]) -> dict[str, Any]:
    """Of an Ingress and a Service, what a dialect adds; of a controller's own kind, everything but its labels."""
    if manifest["kind"] in {"Ingress", "Service"}:
        return dict(manifest["metadata"].get("annotations", {}))
    return {name: value for name, value in manifest.items() if name not in {"kind", "metadata"}}


@pytest.mark.parametrize("controller", CLASSES)
def test_o03_controllers_are_told_what_was_reviewed(controller: str) -> None:
    assert golden(controller) == (GOLDEN / f"{controller}.yaml").read_text()


@pytest.mark.parametrize("dialect", [*DIALECTS, GENERIC], ids=lambda dialect: dialect.name)
def test_o03_every_dialect_has_a_row_for_every_topic(dialect: Dialect) -> None:
    assert set(dialect.table) == set(Topic)


def rows_of_the_page() -> list[list[str]]:
    """The cells of its table of controllers, the heading first; "any other" has words of its own."""
    text = PAGE.read_text().partition("## What each controller is told\n")[2]
    lines = [line for line in text.partition("\n\n- ")[0].splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if "---" not in line][:-1]


def marks(dialect: Dialect, topic: Topic) -> set[str]:
    """Said by Parley, left to a person by a warning, or, where it is neither, done by the controller anyway."""
    vd = parse(document("traefik", **CASES["everything, with a certificate"]))
    exposed = exposure(vd, with_values(vd))
    assert exposed is not None
    words = dialect.table[topic](exposed)
    is_said = any((words.ingress, words.service, words.extras, words.redirect))
    return {mark for mark, holds in (("●", is_said), ("▲", words.unsaid)) if holds} or {"○"}


def test_o03_the_page_s_table_says_of_each_controller_what_its_dialect_does() -> None:
    heading, *rows = rows_of_the_page()
    assert heading == ["controller", *COLUMNS]
    for dialect, (name, *cells) in zip(DIALECTS, rows, strict=True):
        assert name.startswith(dialect.name.partition("'")[0])
        for topic, cell in zip(COLUMNS.values(), cells, strict=True):
            assert set(re.findall("[●○▲]", cell)) == marks(dialect, topic), f"{name}, {topic}: {cell}"


def test_o03_no_two_dialects_claim_a_controller_or_a_name() -> None:
    controllers = [name for dialect in DIALECTS for name in dialect.controllers]
    names = [name for dialect in DIALECTS for name in dialect.class_names]
    assert len(controllers) == len(set(controllers))
    assert len(names) == len(set(names))


@pytest.mark.parametrize("controller", CLASSES)
def test_o03_every_setting_that_is_asked_for_is_said_or_named(controller: str) -> None:
    """A limit that a dialect loses silently is worse than one it refuses."""
    plain, limited = rendered(controller), rendered(controller, rateLimit=CASES[next(iter(CASES))]["rateLimit"])
    if controller != "generic":
        assert (plain.manifests, plain.findings) != (limited.manifests, limited.findings)


@pytest.mark.parametrize("controller", CLASSES)
def test_o04_hsts_is_never_said_with_a_certificate_that_browsers_do_not_trust(controller: str) -> None:
    cases: list[dict[str, Any]] = [
        {"ingress": SELF_SIGNED},
        {"ingress": {}},
        {"ingress": GIVEN, "hsts": "Disabled"},
    ]
    for endpoint in cases:
        text = as_yaml_stream(list(rendered(controller, **endpoint).manifests))
        assert "31536000" not in text


@pytest.mark.parametrize("controller", ["traefik", "f5-nginx", "haproxy", "haproxy-ingress", "alb", "gce", "kong"])
def test_o04_hsts_of_a_year_is_said_with_a_certificate(controller: str) -> None:
    assert "31536000" in as_yaml_stream(list(rendered(controller, ingress=GIVEN).manifests))


@pytest.mark.parametrize("controller", ["traefik", "gce", "istio", "kong"])
def test_o03_what_needs_an_api_that_is_not_served_is_left_out_and_said(controller: str) -> None:
    full, bare = (rendered(controller, apis=apis, ingress=GIVEN) for apis in (ALL_APIS, frozenset()))
    assert {m["kind"] for m in full.manifests} & set(OPTIONAL)
    assert not {m["kind"] for m in bare.manifests} & set(OPTIONAL)
    assert "middlewares" not in str(the(bare, "Ingress")["metadata"])
    missing = [f.message for f in bare.findings if f.reason is Reason.API_NOT_SERVED]
    assert missing
    assert all("does not serve: install that API" in message for message in missing)


def test_o04_traefik_redirects_by_an_ingress_for_plain_http() -> None:
    found = rendered("traefik", ingress=GIVEN)
    ingresses = {m["metadata"]["name"]: m for m in of_kind(found, "Ingress")}
    assert set(ingresses) == {"receptionist", "receptionist-redirect"}
    plain = ingresses["receptionist-redirect"]
    assert "tls" not in plain["spec"]
    assert plain["spec"]["rules"] == ingresses["receptionist"]["spec"]["rules"]


def test_o03_a_class_that_an_annotation_names_is_not_named_twice() -> None:
    assert "ingressClassName" not in the(rendered("gce"), "Ingress")["spec"]


def test_o03_objects_are_applied_before_the_ingress_that_names_them() -> None:
    kinds = [m["kind"] for m in rendered("traefik", ingress=GIVEN).manifests]
    assert kinds.index("Middleware") < kinds.index("Ingress")


def test_o03_without_rights_to_read_classes_their_names_are_hints() -> None:
    for dialect in DIALECTS:
        for name in dialect.class_names:
            facts: Facts = replace(FACTS, ingress_class=IngressClass(name, None))
            vd = parse(document("traefik"))
            by_name = render(vd, facts)
            known = IngressClass(name, dialect.controllers[0] if dialect.controllers else None)
            assert by_name == render(vd, replace(facts, ingress_class=known))


def test_o03_origins_become_patterns_that_mean_no_more_than_they_say() -> None:
    origins = ("https://example.com", "https://*.example.org:8443")
    assert exact(origins) == ["https://example.com"]
    assert patterns(origins) == ["^https://[A-Za-z0-9.-]+[.]example[.]org:8443$"]
    assert pattern("https://example.com") == "^https://example[.]com$"


if __name__ == "__main__":
    GOLDEN.mkdir(exist_ok=True)
    for name in CLASSES:
        (GOLDEN / f"{name}.yaml").write_text(golden(name))
