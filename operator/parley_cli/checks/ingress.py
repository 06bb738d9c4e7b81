"""Whether somebody serves the Ingress: its class, the controller behind it, and that controller's pods."""

from __future__ import annotations

from collections.abc import Mapping

from parley_cli.checks.verdict import Verdict, failing, ok, warning
from parley_cli.cluster import Cluster
from parley_operator.ingress_classes import PATH, IngressClasses
from parley_operator.kube.errors import ForbiddenError
from parley_operator.kube.objects import Json
from parley_operator.render.facts import IngressClass
from parley_operator.render.ingress.dialects import DIALECTS

_NAME = "app.kubernetes.io/name"
_PODS: Mapping[str, str] = {
    "eks.amazonaws.com/alb": "",
    "haproxy-ingress.github.io/controller": f"{_NAME}=haproxy-ingress",
    "haproxy.org/ingress-controller": f"{_NAME}=kubernetes-ingress",
    "haproxy.org/ingress-controller/haproxy": f"{_NAME}=kubernetes-ingress",
    "ingress-controllers.konghq.com/kong": f"{_NAME} in (kong,controller,gateway)",
    "ingress.k8s.aws/alb": f"{_NAME}=aws-load-balancer-controller",
    "istio.io/ingress-controller": "app=istiod",
    "k8s.io/ingress-nginx": f"{_NAME}=ingress-nginx,app.kubernetes.io/component=controller",
    "nginx.org/ingress-controller": f"{_NAME}=nginx-ingress",
    "traefik.io/ingress-controller": f"{_NAME}=traefik",
}
"""By controller, the labels that its own chart gives its pods; empty where the cloud runs it."""


async def ingress(cluster: Cluster, body: Json) -> list[Verdict]:
    """Of one resource; nothing where it has no Ingress."""
    wanted = (body["spec"].get("endpoint") or {}).get("ingress")
    if wanted is None:
        return []
    found = await IngressClasses(cluster.client).resolve(wanted.get("className"))
    if found is None:
        return [await _missing(cluster, wanted.get("className"))]
    return await _controller(cluster, found)


async def _missing(cluster: Cluster, name: str | None) -> Verdict:
    there = ", ".join(sorted(one["metadata"]["name"] for one in (await cluster.client.list(PATH))["items"]))
    mend = f"set endpoint.ingress.className to one that there is: {there}" if there else "install a controller"
    if name is None:
        return failing("Ingress class", "none is named, and the cluster has no default", mend)
    return failing(f"Ingress class {name}", "does not exist", mend)


async def _controller(cluster: Cluster, found: IngressClass) -> list[Verdict]:
    subject = f"Ingress class {found.name or '(default)'}"
    if found.controller is None:
        return [warning(subject, "may not be read by you: ask for the right `list` on ingressclasses")]
    if not any(found.controller in dialect.controllers for dialect in DIALECTS):
        mend = "say timeouts, affinity and limits in endpoint.ingress.annotations: Parley does not know its words"
        return [warning(subject, f"is served by {found.controller}", mend)]
    said = ok(subject, f"is served by {found.controller}")
    selector = _PODS.get(found.controller)
    return [said, await _pods(cluster, subject, found.controller, selector)] if selector else [said]


async def _pods(cluster: Cluster, subject: str, controller: str, selector: str) -> Verdict:
    try:
        found = (await cluster.client.list("/api/v1/pods", {"labelSelector": selector}))["items"]
    except ForbiddenError:
        return warning(
            subject, "its controller's pods may not be looked for: you may not list pods of all namespaces"
        )
    if not found:
        said = f"no pod of {controller} is found by its chart's labels ({selector})"
        mend = (
            "nothing, where it runs outside the cluster, is a cloud's, or has other labels; otherwise install it"
        )
        return warning(subject, said, mend)
    ready = [pod for pod in found if _is_ready(pod)]
    place = f"{found[0]['metadata']['namespace']}/{found[0]['metadata']['name']}"
    if not ready:
        mend = f"kubectl -n {found[0]['metadata']['namespace']} describe pod {found[0]['metadata']['name']}"
        return failing(subject, f"no pod of {controller} is ready, {place} among them", mend)
    return ok(subject, f"{len(ready)} of {len(found)} pods of its controller are ready")


def _is_ready(pod: Json) -> bool:
    conditions = (pod.get("status") or {}).get("conditions") or ()
    return any(one["type"] == "Ready" and one["status"] == "True" for one in conditions)
