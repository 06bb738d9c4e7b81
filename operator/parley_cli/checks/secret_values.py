"""What Secrets hold, and which names are the cluster's own: what every try of a credential needs."""

from __future__ import annotations

import asyncio
import base64
import binascii
from collections.abc import Collection, Hashable, Iterable, Mapping
from typing import TypeVar

from parley_cli.checks.verdict import Verdict, failing, warning
from parley_cli.cluster import Cluster
from parley_operator.kube.errors import ForbiddenError, NotFoundError

T = TypeVar("T", bound=Hashable)

Contents = Mapping[str, Mapping[str, str]]
"""By Secret, its data in base64."""

DEADLINE_S = 10.0
"""For one answer."""
_CLUSTERS_OWN = (".svc", ".local", ".internal")
"""Ends of names that mean something else here than in the cluster, or nothing."""


def key_of_secret(secret: str, key: str) -> str:
    """Where a credential is, as the report names it."""
    return f"Key {key} of Secret {secret}"


def by_credential(found: Iterable[tuple[T, str]]) -> dict[T, list[str]]:
    """Credentials with the places of the spec that name them; one that is named several times is one."""
    uses: dict[T, list[str]] = {}
    for credential, named_at in found:
        uses.setdefault(credential, []).append(named_at)
    return uses


async def read(cluster: Cluster, names: Collection[str]) -> tuple[Contents, list[Verdict]]:
    """What these Secrets hold, and why some hold nothing that can be read."""
    ordered = sorted(names)
    found = await asyncio.gather(*(_read(cluster, name) for name in ordered))
    contents = {name: one for name, one in zip(ordered, found, strict=True) if not isinstance(one, Verdict)}
    return contents, [one for one in found if isinstance(one, Verdict)]


def decoded(text: str | None) -> str | None:
    """The value, if it is one: what no header may carry would end in an exception that shows it."""
    try:
        value = base64.b64decode(text or "").decode("ascii").strip()
    except (binascii.Error, UnicodeDecodeError):
        return None
    return value if value.isprintable() and value else None


def is_clusters_own(host: str) -> bool:
    """As `litellm`, or `litellm.models.svc`: no secret must go to whoever answers to that name here."""
    is_address = ":" in host or host.replace(".", "").isdigit()
    return not is_address and ("." not in host or host.endswith(_CLUSTERS_OWN))


async def _read(cluster: Cluster, name: str) -> Mapping[str, str] | Verdict:
    """The Secret's content in base64, or why there is none."""
    subject = f"Secret {name}"
    try:
        body = await cluster.client.get(f"{await cluster.collection('Secret', 'v1')}/{name}")
    except NotFoundError:
        return failing(subject, "does not exist", f"kubectl -n {cluster.namespace} create secret generic {name} …")
    except ForbiddenError:
        mend = "ask for the right `get` on secrets, or go by what the pods say of their providers"
        return warning(subject, "may not be read by you: its keys are not tried", mend)
    data: Mapping[str, str] = body.get("data") or {}
    return data
