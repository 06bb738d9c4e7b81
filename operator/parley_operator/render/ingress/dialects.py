"""The dialects there are, and which one a class speaks. A new controller is a new file and a line here."""

from __future__ import annotations

from parley_operator.render.facts import Facts
from parley_operator.render.ingress.common import Dialect
from parley_operator.render.ingress.generic import GENERIC
from parley_operator.render.ingress.ingress_nginx import INGRESS_NGINX
from parley_operator.render.ingress.traefik import TRAEFIK

DIALECTS = (TRAEFIK, INGRESS_NGINX)


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
