"""The digest in the pod template that rolls the pods when a credential changes."""

from __future__ import annotations

import hashlib

from parley_operator.api import VoiceDeployment
from parley_operator.render.facts import Facts
from parley_operator.render.references import ReferencedValue, ValueId, referenced_value, references
from parley_operator.render.signing import KEY as SIGNING_KEY
from parley_operator.render.signing import mints_client_secrets, signing_value
from parley_operator.render.token import KEY, is_generated, token_value

ANNOTATION = "parley.dev/credentials"


def credentials_digest(resource: VoiceDeployment, facts: Facts) -> str | None:
    """One digest of everything whose change needs new pods; None where there is nothing of that kind."""
    known: dict[ValueId, ReferencedValue] = {}
    for reference in references(resource):
        if reference.purpose.rolls_pods and reference.target in facts.values:
            known[reference.target] = facts.values[reference.target]
    if is_generated(resource) and facts.token is not None:
        data = {KEY: facts.token.encode()}
        known[token_value(resource)] = referenced_value(data, key=KEY, salt=facts.salt or "")
    if mints_client_secrets(resource) and facts.signing_key is not None:
        data = {SIGNING_KEY: facts.signing_key.encode()}
        known[signing_value(resource)] = referenced_value(data, key=SIGNING_KEY, salt=facts.salt or "")
    if not known:
        return None
    lines = (f"{target.kind}/{target.name}/{target.key}={value.digest}" for target, value in known.items())
    return hashlib.sha256("\n".join(sorted(lines)).encode()).hexdigest()
