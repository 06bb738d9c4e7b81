"""What cert-manager says of a Certificate, as a fact.

A first attempt that failed leaves Issuing at False with the reason; a renewal that failed does as well, while
Ready stays True for as long as the Secret's certificate is good.
"""

from __future__ import annotations

from datetime import datetime

from parley_operator.kube.client import Json
from parley_operator.render.facts import Issuance


def issuance(certificate: Json) -> Issuance:
    """What its view tells: see `views.certificate`."""
    found = {condition["type"]: condition for condition in certificate["conditions"]}
    return Issuance(
        failure=_message(found.get("Issuing")),
        waiting=_message(found.get("Ready")),
        renew_after=_moment(certificate["renewalTime"]),
    )


def _message(condition: Json | None) -> str | None:
    """What a condition says that is false."""
    if condition is None or condition["status"] != "False":
        return None
    return f"{condition['reason']}: {condition['message']}"


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
