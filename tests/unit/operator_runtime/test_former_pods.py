"""O7, O8: which pods began with another template than is wanted, and what they are still let out to."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley_operator.children import LiveChildren
from parley_operator.former_pods import FormerPods
from parley_operator.kube.apply import Owner
from parley_operator.kube.inventory import Inventory
from parley_operator.render import Rendered, object_key, render
from parley_operator.render.former_egress import is_gateways_policy
from parley_operator.render.labels import NAME
from parley_operator.views import VIEWS
from tests.unit.operator.examples import MINIMAL, with_pipeline
from tests.unit.operator.facts import FACTS, parse, the
from tests.unit.operator_runtime.objects import Json

KEY = ("default", "receptionist")
OWNER = Owner("VoiceDeployment", "receptionist", "7d8f")
LLM = {"provider": "OpenAICompatible", "baseURL": "http://vllm.models.svc:8000/v1", "model": "m"}
BEFORE = render(parse(with_pipeline(llm=LLM)), FACTS)
NOW = render(parse(MINIMAL), FACTS)
MODELS = {"to": [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "models"}}}]}

MAKERS = st.sampled_from(["old", "new", "gone"])
PHASES = st.sampled_from(["Pending", "Running", "Failed"])


class Cluster:
    """What watches have brought of one resource."""

    def __init__(self) -> None:
        self.inventory = Inventory(label=NAME, views=VIEWS)
        self.former = FormerPods(LiveChildren(self.inventory), is_applied=lambda one, _: one in self.applied)
        self.applied: list[Json] = []
        self._version = 0

    def has(self, manifest: Json, *, applied: bool = True, manager: str = "parley") -> None:
        """An object of the resource's own, as the server has it."""
        self.applied = [one for one in self.applied if one != manifest] + ([manifest] if applied else [])
        fields: Json = {"f:spec": {"f:egress": {}}}
        entry = {"manager": manager, "operation": "Apply", "fieldsV1": fields}
        body = self._stored(manifest, uid=manifest["kind"], managedFields=[entry])
        self.inventory.observe(body)

    def has_set(self, uid: str, rendered: Rendered, *, replicas: int = 1) -> None:
        """The ReplicaSet that the Deployment's controller made for what was rendered then."""
        template = the(rendered, "Deployment")["spec"]["template"]
        metadata = template["metadata"]
        labels = {**metadata["labels"], "pod-template-hash": uid}
        own = {**template, "metadata": {**metadata, "labels": labels}}
        made = {"apiVersion": "apps/v1", "kind": "ReplicaSet", "spec": {"replicas": replicas, "template": own}}
        names = {"name": uid, "namespace": KEY[0], "labels": labels}
        self.inventory.observe(
            self._stored({**made, "metadata": names}, uid=uid, ownerReferences=[by("Deployment")])
        )

    def has_pod(self, name: str, *, of: str, phase: str = "Running", **labels: str) -> None:
        metadata = {"name": name, "namespace": KEY[0], "labels": {NAME: KEY[1], **labels}}
        pod = {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "status": {"phase": phase}}
        self.inventory.observe(self._stored(pod, uid=name, ownerReferences=[by(of)]))

    def exist(self, rendered: Rendered = NOW) -> bool:
        return self.former.exist(KEY, rendered, OWNER)

    def let_out(self, rendered: Rendered = NOW) -> list[Json]:
        found = self.former.let_out(KEY, rendered, OWNER)
        [policy] = [one for one in found.manifests if is_gateways_policy(one)]
        egress: list[Json] = policy["spec"]["egress"]
        return egress

    def _stored(self, body: Json, **metadata: Any) -> Json:
        self._version += 1
        return {**body, "metadata": {**body["metadata"], "resourceVersion": str(self._version), **metadata}}


def by(uid: str) -> Json:
    return {"kind": "Any", "name": uid, "uid": uid, "controller": True}


@pytest.fixture
def cluster() -> Cluster:
    """The spec has changed, and so has the Deployment; its new pod is there beside the old one."""
    found = Cluster()
    found.has(the(BEFORE, "NetworkPolicy"))
    found.has(the(NOW, "Deployment"))
    found.has_set("old", BEFORE, replicas=0)
    found.has_set("new", NOW)
    found.has_pod("p1", of="new")
    return found


def test_o08_pods_of_the_wanted_template_need_no_more_than_the_spec_says(cluster: Cluster) -> None:
    assert not cluster.exist()
    assert cluster.let_out() == the(NOW, "NetworkPolicy")["spec"]["egress"]
    assert MODELS not in cluster.let_out()


def test_o08_an_older_pod_is_let_out_to_what_it_could_reach_until_it_is_gone(cluster: Cluster) -> None:
    cluster.has_pod("p0", of="old")
    assert cluster.let_out() == [*the(NOW, "NetworkPolicy")["spec"]["egress"], MODELS]


def test_o08_one_that_has_not_begun_yet_counts_and_one_that_has_ended_does_not(cluster: Cluster) -> None:
    cluster.has_pod("p0", of="old", phase="Succeeded")
    cluster.has_pod("p2", of="old", phase="Failed")
    assert not cluster.exist()
    cluster.has_pod("p3", of="old", phase="Pending")
    assert cluster.exist()


def test_o09_pods_of_worker_pools_do_not_count(cluster: Cluster) -> None:
    cluster.has_pod("p0", of="pool", **{"parley.dev/pool": "tts"})
    assert not cluster.exist()


def test_o07_while_the_new_replica_set_is_not_known_every_pod_may_be_an_older_one(cluster: Cluster) -> None:
    cluster.inventory.retain("ReplicaSet", frozenset({(KEY[0], "old")}), version=100)
    assert cluster.exist()


def test_o07_so_it_is_while_the_deployment_is_not_as_wanted_or_waits(cluster: Cluster) -> None:
    assert cluster.exist(NOW.without({object_key(the(NOW, "Deployment"))}))
    cluster.has(the(NOW, "Deployment"), applied=False)
    assert cluster.exist()


def test_o07_a_deployment_of_before_may_make_pods_though_it_has_none_yet() -> None:
    cluster = Cluster()
    assert not cluster.exist()
    cluster.has(the(BEFORE, "Deployment"), applied=False)
    assert cluster.exist()


def test_o07_a_replica_set_of_before_may_make_the_pod_that_it_lacks_at_the_moment(cluster: Cluster) -> None:
    cluster.has_set("old", BEFORE)
    assert cluster.exist()


def test_o07_pods_outlive_the_deployment_of_a_canary_that_was_given_up(cluster: Cluster) -> None:
    cluster.has_pod("p0", of="canary")
    assert cluster.exist()


def test_o08_what_somebody_else_wrote_into_the_policy_is_not_held_open(cluster: Cluster) -> None:
    cluster.has_pod("p0", of="old")
    anywhere = the(BEFORE, "NetworkPolicy")
    cluster.has({**anywhere, "spec": {**anywhere["spec"], "egress": [{}]}}, manager="somebody")
    assert cluster.let_out() == the(NOW, "NetworkPolicy")["spec"]["egress"]


@given(
    st.lists(st.tuples(st.sampled_from(["old", "new", "gone"]), st.sampled_from(["Pending", "Running", "Failed"])))
)
def test_o08_the_policy_is_as_narrow_as_the_spec_where_and_only_where_no_older_pod_is_in_use(
    pods: list[tuple[str, str]],
) -> None:
    cluster = Cluster()
    cluster.has(the(BEFORE, "NetworkPolicy"))
    cluster.has(the(NOW, "Deployment"))
    cluster.has_set("old", BEFORE, replicas=0)
    cluster.has_set("new", NOW)
    for index, (maker, phase) in enumerate(pods):
        cluster.has_pod(f"p{index}", of=maker, phase=phase)
    in_use = {maker for maker, phase in pods if phase != "Failed"}
    assert (MODELS in cluster.let_out()) == bool(in_use - {"new"})


def test_the_view_of_a_policy_is_text_that_most_share() -> None:
    cluster = Cluster()
    cluster.has(the(NOW, "NetworkPolicy"))
    [live] = cluster.inventory.of(KEY)
    assert json.loads(live.view["egress"]) == the(NOW, "NetworkPolicy")["spec"]["egress"]
