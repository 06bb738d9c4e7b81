"""What the chart grants, what the API server's audit log says was used, and the operator's own way in."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import NamedTuple

import yaml

from charts.derive import CHART
from parley_operator.kube.client import Client
from parley_operator.kube.discovery import Discovery, Ref
from tests.operator.cluster import Json

INSTALLED = (
    "CustomResourceDefinition",
    "ServiceAccount",
    "ClusterRole",
    "ClusterRoleBinding",
    "Role",
    "RoleBinding",
)
"""What of the chart there is without a node: the operator itself runs as a process of the test."""


class Right(NamedTuple):
    """A verb on a resource, in a namespace or ("") everywhere."""

    namespace: str
    group: str
    resource: str
    verb: str

    def __str__(self) -> str:
        """As a person would say it."""
        what = f"{self.resource}.{self.group}" if self.group else self.resource
        return f"{self.verb} {what}" + (f" in {self.namespace}" if self.namespace else "")


@dataclass(frozen=True)
class Account:
    """A ServiceAccount."""

    namespace: str
    name: str = "parley-operator"

    @property
    def user(self) -> str:
        """As the API server knows it."""
        return f"system:serviceaccount:{self.namespace}:{self.name}"


def rendered(helm: str, *values: str, release: str, namespace: str) -> list[Json]:
    """What Helm would install."""
    flags = [flag for value in values for flag in ("--set", value)]
    command = [helm, "template", release, str(CHART), "--namespace", namespace, "--no-hooks", *flags]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return [manifest for manifest in yaml.load_all(text, Loader=yaml.CSafeLoader) if manifest]


async def installed(client: Client, manifests: list[Json]) -> None:
    """Bring what needs no node to the cluster."""
    discovery = Discovery(client)
    for manifest in (one for kind in INSTALLED for one in manifests if one["kind"] == kind):
        path = await discovery.path(Ref.of(manifest))
        await client.apply(path, manifest, field_manager="test", force=True)


async def token_of(account: Account, client: Client) -> str:
    """A token of the ServiceAccount, as a pod of it would have one."""
    path = f"/api/v1/namespaces/{account.namespace}/serviceaccounts/{account.name}/token"
    spec = {"expirationSeconds": 3600}
    request = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": spec}
    return str((await client.create(path, request, field_manager="test"))["status"]["token"])


def with_token(admin: Path, token: str, file: Path) -> Path:
    """The administrator's kubeconfig with another's token in the place of his certificate."""
    content = yaml.safe_load(admin.read_text())
    content["users"] = [{"name": one["name"], "user": {"token": token}} for one in content["users"]]
    file.write_text(json.dumps(content))
    return file


def granted(manifests: list[Json], account: Account) -> set[Right]:
    """All that the chart's bindings let the account do."""
    rules = {(one["kind"], _at(one), one["metadata"]["name"]): one["rules"] for one in manifests if "rules" in one}
    found: set[Right] = set()
    for binding in manifests:
        if binding["kind"] in {"ClusterRoleBinding", "RoleBinding"} and _is_bound(binding, account):
            role = binding["roleRef"]
            scope = "" if role["kind"] == "ClusterRole" else _at(binding)
            found |= set(_rights(scope, rules[role["kind"], scope, role["name"]]))
    return found


def _at(manifest: Json) -> str:
    return str(manifest["metadata"].get("namespace", ""))


def _is_bound(binding: Json, account: Account) -> bool:
    return {"kind": "ServiceAccount", "name": account.name, "namespace": account.namespace} in binding["subjects"]


def _rights(namespace: str, rules: Iterable[Json]) -> Iterator[Right]:
    for rule in rules:
        for group, resource, verb in product(rule["apiGroups"], rule["resources"], rule["verbs"]):
            yield Right(namespace, group, resource, verb)


@dataclass(frozen=True)
class Used:
    """What an account asked for."""

    rights: frozenset[Right]
    refused: frozenset[Right]


def used(audit_log: Path, account: Account) -> Used:
    """What the API server wrote down of an account; discovery, which everybody may do, aside."""
    entries = [json.loads(line) for line in audit_log.read_text().splitlines()]
    ours = [one for one in entries if one["user"]["username"] == account.user and "objectRef" in one]
    refused = {right for one in ours if one["responseStatus"]["code"] == 403 for right in _asked(one)}
    return Used(frozenset(right for one in ours for right in _asked(one)) - refused, frozenset(refused))


def _asked(entry: Json) -> Iterator[Right]:
    ref = entry["objectRef"]
    resource = "/".join(filter(None, (ref["resource"], ref.get("subresource"))))
    right = Right(ref.get("namespace", ""), ref.get("apiGroup", ""), resource, entry["verb"])
    yield right
    if entry["verb"] == "patch" and entry["responseStatus"]["code"] == 201:
        # Server-side apply of what is not there yet is a creation, and is authorized as one.
        yield right._replace(verb="create")


def everywhere(rights: Iterable[Right]) -> set[Right]:
    """Wherever it was used or granted."""
    return {right._replace(namespace="") for right in rights}


def told(rights: Iterable[Right]) -> list[str]:
    """For people."""
    return sorted(map(str, rights))
