"""The dialects there are, and which one a class speaks. A new controller is a new file and a line here."""

from __future__ import annotations

from parley_operator.render.facts import Facts
from parley_operator.render.ingress.agic import AGIC
from parley_operator.render.ingress.alb import ALB
from parley_operator.render.ingress.contour import CONTOUR
from parley_operator.render.ingress.dialect import Dialect, Told, tell
from parley_operator.render.ingress.exposure import Exposure
from parley_operator.render.ingress.f5_nginx import F5_NGINX
from parley_operator.render.ingress.gce import GCE
from parley_operator.render.ingress.generic import GENERIC
from parley_operator.render.ingress.haproxy import HAPROXY
from parley_operator.render.ingress.haproxy_ingress import HAPROXY_INGRESS
from parley_operator.render.ingress.ingress_nginx import INGRESS_NGINX
from parley_operator.render.ingress.istio import ISTIO
from parley_operator.render.ingress.kong import KONG
from parley_operator.render.ingress.traefik import TRAEFIK

DIALECTS = (
    *(TRAEFIK, INGRESS_NGINX, F5_NGINX, HAPROXY, HAPROXY_INGRESS),
    *(CONTOUR, ISTIO, KONG, ALB, GCE, AGIC),
)


def ingress_dialect(facts: Facts) -> Dialect:
    """The dialect of the class that applies: by its controller, or by its name where that may not be read."""
    found = facts.ingress_class
    if found is None:
        return GENERIC
    for dialect in DIALECTS:
        if found.controller in dialect.controllers:
            return dialect
        if found.controller is None and found.name in dialect.class_names:
            return dialect
    return GENERIC


def told(exposed: Exposure, facts: Facts) -> Told:
    """What the controller of the class is told."""
    return tell(ingress_dialect(facts), exposed, facts.apis)
