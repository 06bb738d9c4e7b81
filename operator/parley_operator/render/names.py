"""Names of children: the resource's own with a suffix, within Kubernetes' limits."""

from __future__ import annotations

import hashlib
import re

BASE_LIMIT = 46
"""A pod's name adds 17 characters to its Deployment's and must be a DNS label of 63."""


def base_name(name: str) -> str:
    """The resource's name as a DNS label that begins with a letter; another name with a hash where it is none.

    Services need DNS labels, while a VoiceDeployment may be called `1st.floor` or use all 253 characters.
    """
    if len(name) <= BASE_LIMIT and re.fullmatch(r"[a-z]([-a-z0-9]*[a-z0-9])?", name):
        return name
    digest = hashlib.sha256(name.encode()).hexdigest()[:8]
    readable = re.sub(r"[^a-z0-9]+", "-", name)[: BASE_LIMIT - 12].strip("-")
    return f"vd-{readable}-{digest}"


def child_name(name: str, suffix: str) -> str:
    """The name of a child, as in receptionist-token; without a suffix the resource's own."""
    return f"{base_name(name)}-{suffix}" if suffix else base_name(name)


def issued_name(name: str) -> str:
    """The Secret that cert-manager fills for a resource of that name."""
    return child_name(name, "certificate")


def self_signed_name(name: str) -> str:
    """The Secret with the certificate that the operator makes for a resource of that name."""
    return child_name(name, "tls")


def authority_name(name: str) -> str:
    """The Secret with the authority that signs it."""
    return child_name(name, "ca")
