"""O9: what worker pools turn into, and that a change of one touches nothing but that one."""

from __future__ import annotations

import copy
import json
import re
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley_operator.api import InvalidResourceError, VoiceDeployment
from parley_operator.api.conditions import ConditionType, Reason
from parley_operator.render import Facts, Manifest, Rendered, render
from parley_operator.render.facts import Claim
from parley_operator.render.references import Presence
from parley_operator.render.rendered import ObjectKey, object_key
from parley_operator.render.revision import restored, revised
from parley_operator.render.worker_environment import worker_environment
from parley_operator.render.worker_pools import pool_of
from tests.unit.operator.examples import Bad, resource
from tests.unit.operator.facts import FACTS, parse, with_values, without_value
from tests.unit.operator.strategies import optional
from tests.unit.operator.worker_examples import (
    BAD_POOLS,
    FULL_POOL,
    GOOD_POOLS,
    HEARS,
    PIPER,
    SPEAKS,
    WHISPER,
    claim,
    with_pools,
)

SUFFIX = "receptionist-pool-piper"


def rendered(document: dict[str, Any], facts: Facts | None = None) -> Rendered:
    parsed = parse(document)
    return render(parsed, facts or with_values(parsed))


def child(document: dict[str, Any], kind: str, name: str = SUFFIX, facts: Facts | None = None) -> Manifest:
    found = {object_key(one): one for one in rendered(document, facts).manifests}
    return found[ObjectKey(kind, name)]


def container(document: dict[str, Any], name: str = SUFFIX) -> dict[str, Any]:
    (only,) = child(document, "Deployment", name)["spec"]["template"]["spec"]["containers"]
    found: dict[str, Any] = only
    return found


def gateway_config(document: dict[str, Any]) -> dict[str, Any]:
    texts = [one["data"] for one in rendered(document).manifests if one["kind"] == "ConfigMap"]
    (text,) = [data["gateway.json"] for data in texts if "gateway.json" in data]
    content: dict[str, Any] = json.loads(text)
    return content


@pytest.mark.parametrize("document", GOOD_POOLS.values(), ids=GOOD_POOLS.keys())
def test_o09_good_pools_are_read(document: dict[str, Any]) -> None:
    VoiceDeployment.parse(document)


@pytest.mark.parametrize("bad", BAD_POOLS, ids=lambda bad: bad.name)
def test_o09_bad_pools_are_refused_where_and_why(bad: Bad) -> None:
    with pytest.raises(InvalidResourceError) as refused:
        VoiceDeployment.parse(bad.document)
    found = {problem.path: problem.message for problem in refused.value.problems}
    assert set(found) == {bad.path}
    assert bad.says in found[bad.path]


def test_o09_a_pool_becomes_everything_that_runs_it() -> None:
    document = with_pools(
        {**PIPER, "scaling": {"maxReplicas": 3}, "modelCache": claim(accessModes=["ReadWriteMany"])}
    )
    kinds = [one["kind"] for one in rendered(document).manifests if pool_of(one) == "piper"]
    assert kinds == [
        "ServiceAccount",
        "PersistentVolumeClaim",
        "Service",
        "NetworkPolicy",
        "Deployment",
        "PodDisruptionBudget",
        "HorizontalPodAutoscaler",
    ]


def test_o09_to_the_gateway_a_pool_is_a_server_at_its_service() -> None:
    pipeline = gateway_config(with_pools(FULL_POOL, WHISPER, stt=HEARS, tts=SPEAKS))["pipeline"]
    assert pipeline["tts"] == {
        "provider": "OpenAICompatible",
        "base_url": f"http://{SUFFIX}.default.svc/api/v1",
        "model": "amy-low",
        "voice": "amy",
    }
    assert pipeline["stt"]["base_url"] == "http://receptionist-pool-whisper.default.svc/v1"


def test_o09_a_pool_may_be_a_fallback() -> None:
    tts = {
        "provider": "Embedded",
        "fallbacks": [{"name": "own", **SPEAKS, "openAICompatible": {"sampleRate": 22050}}],
    }
    (fallback,) = gateway_config(with_pools(PIPER, tts=tts))["pipeline"]["tts_fallbacks"]
    assert fallback["base_url"] == f"http://{SUFFIX}.default.svc/v1"
    assert fallback["sample_rate"] == 22050


def test_o09_the_gateways_proxy_is_not_for_pools() -> None:
    document = with_pools(PIPER, tts=SPEAKS)
    document["spec"]["pod"] = {"proxy": {"httpProxy": "http://proxy.example.com:3128"}}
    (gateway,) = child(document, "Deployment", "receptionist")["spec"]["template"]["spec"]["containers"]
    (direct,) = [one["value"].split(",") for one in gateway["env"] if one["name"] == "NO_PROXY"]
    host = urlsplit(gateway_config(document)["pipeline"]["tts"]["base_url"]).hostname or ""
    assert any(host.endswith(suffix) for suffix in direct)
    assert not [one for one in container(document)["env"] if "PROXY" in one["name"].upper()]


def test_o09_the_service_leads_to_the_pools_own_pods() -> None:
    document = with_pools(FULL_POOL, WHISPER)
    labels = child(document, "Deployment")["spec"]["template"]["metadata"]["labels"]
    service = child(document, "Service")["spec"]
    assert service["selector"].items() <= labels.items()
    others = child(document, "Deployment", "receptionist-pool-whisper")["spec"]["template"]["metadata"]["labels"]
    gateway = child(document, "Deployment", "receptionist")["spec"]
    assert not service["selector"].items() <= others.items()
    assert not gateway["selector"]["matchLabels"].items() <= labels.items()
    assert not service["selector"].items() <= gateway["template"]["metadata"]["labels"].items()
    (port,) = service["ports"]
    (named,) = container(document)["ports"]
    assert (port["port"], port["targetPort"]) == (80, named["name"])
    assert named["containerPort"] == 5000


def test_o09_workers_are_told_of_their_cache_and_how_many_models_to_keep() -> None:
    (pool,) = parse(with_pools(FULL_POOL)).spec.worker_pools or ()
    names = [variable["name"] for variable in worker_environment(pool)]
    # What is named later may refer to what comes before it: $(PARLEY_MODEL_CACHE).
    assert names.index("PARLEY_MODELS_TTL_SECONDS") < names.index("LD_LIBRARY_PATH")
    values = {variable["name"]: variable.get("value") for variable in worker_environment(pool)}
    assert values["PARLEY_PORT"] == "5000"
    assert values["PARLEY_MODEL_CACHE"] == values["XDG_CACHE_HOME"] == "/var/lib/models"
    assert values["PARLEY_MODELS_MAX_RESIDENT"] == "2"
    assert values["PARLEY_MODELS_TTL_SECONDS"] == "600"
    assert {"name": "models", "mountPath": "/var/lib/models"} in container(with_pools(FULL_POOL))["volumeMounts"]


def test_o09_a_variable_of_the_specs_own_wins() -> None:
    (pool,) = parse(with_pools({**PIPER, "env": [{"name": "HOME", "value": "/models"}]})).spec.worker_pools or ()
    assert [one["value"] for one in worker_environment(pool) if one["name"] == "HOME"] == ["/models"]


def test_o09_devices_are_limits() -> None:
    said = container(with_pools(WHISPER), "receptionist-pool-whisper")["resources"]
    assert said["limits"]["nvidia.com/gpu"] == "1"
    assert "nvidia.com/gpu" not in said["requests"]
    assert set(said["requests"]) == {"cpu", "memory"}


def test_o09_the_pools_own_places_and_ranks_reach_its_pods() -> None:
    pod = child(with_pools(FULL_POOL), "Deployment")["spec"]["template"]["spec"]
    for field in ("nodeSelector", "tolerations", "affinity", "priorityClassName", "runtimeClassName"):
        assert pod[field] == FULL_POOL[field]
    gateway = child(with_pools(FULL_POOL), "Deployment", "receptionist")["spec"]["template"]["spec"]
    assert "runtimeClassName" not in gateway


def test_o09_images_are_pulled_with_the_resources_secrets() -> None:
    document = with_pools(PIPER)
    document["spec"]["pod"] = {"imagePullSecrets": [{"name": "registry"}]}
    pod = child(document, "Deployment")["spec"]["template"]["spec"]
    assert pod["imagePullSecrets"] == [{"name": "registry"}]


@pytest.mark.parametrize(
    ("pool", "surge"),
    [
        (PIPER, 1),
        (WHISPER, 0),
        ({**WHISPER, "updates": "Surge"}, 1),
        ({**PIPER, "updates": "Replace"}, 0),
        ({**PIPER, "modelCache": claim()}, 0),
        ({**PIPER, "modelCache": claim(accessModes=["ReadWriteMany"])}, 1),
    ],
    ids=["CPU", "GPU", "GPU to spare", "by choice", "volume for one", "volume for many"],
)
def test_o09_a_new_worker_comes_first_unless_there_is_no_room_for_it(pool: dict[str, Any], surge: int) -> None:
    strategy = child(with_pools(pool), "Deployment", f"receptionist-pool-{pool['name']}")["spec"]["strategy"]
    assert strategy == {
        "type": "RollingUpdate",
        "rollingUpdate": {"maxUnavailable": 1 - surge, "maxSurge": surge},
    }


def test_o09_models_may_take_their_time() -> None:
    document = with_pools({**PIPER, "probe": {"path": "/health", "startupTimeout": "1h"}})
    probe = container(document)["startupProbe"]
    assert probe["httpGet"]["path"] == "/health"
    assert probe["periodSeconds"] * probe["failureThreshold"] == 3600
    assert child(document, "Deployment")["spec"]["progressDeadlineSeconds"] > 3600
    # A worker that is busy answers late: it is not killed for that.
    assert "tcpSocket" in container(document)["livenessProbe"]


def test_o09_without_a_path_an_open_port_is_enough() -> None:
    assert container(with_pools(PIPER))["readinessProbe"]["tcpSocket"] == {"port": "http"}


@pytest.mark.parametrize(
    ("scaling", "kinds"),
    [
        ({"maxReplicas": 3}, ["ContainerResource"]),
        ({"maxReplicas": 3, "podMetric": {"name": "running", "averageValue": 2}}, ["Pods"]),
        (FULL_POOL["scaling"], ["ContainerResource", "Pods"]),
    ],
    ids=["by default", "on requests", "on both"],
)
def test_o09_a_pool_is_scaled_on_cpu_or_on_what_its_workers_say(scaling: Any, kinds: list[str]) -> None:
    spec = child(with_pools({**PIPER, "scaling": scaling}), "HorizontalPodAutoscaler")["spec"]
    assert [metric["type"] for metric in spec["metrics"]] == kinds
    assert spec["scaleTargetRef"]["name"] == SUFFIX
    if "ContainerResource" in kinds:
        assert spec["metrics"][0]["containerResource"]["container"] == container(with_pools(PIPER))["name"]


@pytest.mark.parametrize(
    ("pool", "live", "suspended", "replicas"),
    [
        ({}, None, False, 1),
        ({"replicas": 3}, 1, False, 3),
        ({"replicas": 3}, 3, True, 0),
        ({"scaling": {"minReplicas": 2, "maxReplicas": 9}}, None, False, 2),
        ({"scaling": {"minReplicas": 2, "maxReplicas": 9}}, 7, False, None),
        ({"scaling": {"minReplicas": 2, "maxReplicas": 9}}, 7, True, 0),
        ({"scaling": {"minReplicas": 2, "maxReplicas": 9}}, 0, False, 2),
        ({"scaling": {"minReplicas": 2, "maxReplicas": 9}}, 1, False, 2),
    ],
)
def test_o09_replicas_are_the_autoscalers_where_there_is_one(
    pool: dict[str, Any], live: int | None, suspended: bool, replicas: int | None
) -> None:
    document = with_pools({**PIPER, **pool})
    document["spec"]["suspend"] = suspended
    facts = replace(FACTS, worker_replicas={} if live is None else {SUFFIX: live})
    found = [scale["spec"]["replicas"] for scale in rendered(document, facts).worker_scales]
    assert found == ([] if replicas is None else [replicas])
    assert "replicas" not in child(document, "Deployment", facts=facts)["spec"]


def test_o09_only_the_gateway_reaches_a_pool() -> None:
    document = with_pools(FULL_POOL, WHISPER, tts=SPEAKS)
    policy = child(document, "NetworkPolicy")["spec"]
    gateway = child(document, "PodDisruptionBudget", "receptionist")["spec"]["selector"]
    port = {"protocol": "TCP", "port": 5000}
    assert policy["podSelector"] == child(document, "Deployment")["spec"]["selector"]
    assert policy["ingress"] == [{"from": [{"podSelector": gateway}], "ports": [port]}]
    # And the gateway those pools alone that its pipeline names.
    rules = child(document, "NetworkPolicy", "receptionist")["spec"]["egress"]
    pods = [rule for rule in rules if any("podSelector" in peer for peer in rule.get("to", ()))]
    assert pods == [{"to": [{"podSelector": policy["podSelector"]}], "ports": [port]}]


def test_o09_workers_go_out_for_models_and_nothing_else_unless_it_is_said() -> None:
    gateway = child(with_pools(PIPER), "NetworkPolicy", "receptionist")["spec"]["egress"]
    assert child(with_pools(PIPER), "NetworkPolicy")["spec"]["egress"] == gateway
    assert child(with_pools(FULL_POOL), "NetworkPolicy")["spec"]["egress"] == [
        *gateway,
        *FULL_POOL["additionalEgress"],
    ]


def test_o09_no_policy_where_none_is_wanted() -> None:
    document = with_pools(PIPER)
    document["spec"]["networkPolicy"] = {"mode": "Disabled"}
    assert "NetworkPolicy" not in {one["kind"] for one in rendered(document).manifests}


def live_claim(**said: Any) -> Facts:
    live = Claim(**{"size": "20Gi", "storage_class": "fast", "access_modes": ("ReadWriteOnce",)} | said)
    return replace(FACTS, claims={SUFFIX: live})


def claim_spec(cache: dict[str, Any], facts: Facts) -> dict[str, Any]:
    spec: dict[str, Any] = child(with_pools({**PIPER, "modelCache": cache}), "PersistentVolumeClaim", facts=facts)[
        "spec"
    ]
    return spec


def told(cache: dict[str, Any], facts: Facts) -> list[str]:
    found = rendered(with_pools({**PIPER, "modelCache": cache}), facts).findings
    return [finding.message for finding in found if finding.reason is Reason.CLAIM_NOT_CHANGED]


def test_o09_a_claim_grows() -> None:
    wanted = claim_spec(claim("30Gi"), live_claim())
    assert wanted["resources"]["requests"]["storage"] == "30Gi"
    assert wanted["storageClassName"] == "fast"
    assert told(claim("30Gi"), live_claim()) == []


@pytest.mark.parametrize(
    ("cache", "says"),
    [
        (claim("10Gi"), "it has 20Gi, and shrinks never"),
        (claim(storageClassName="slow"), "its storage class is fast, not slow"),
        (claim(accessModes=["ReadWriteMany"]), "it is ReadWriteOnce, not ReadWriteMany"),
    ],
)
def test_o09_what_a_claim_cannot_become_is_told_and_not_tried(cache: dict[str, Any], says: str) -> None:
    assert claim_spec(cache, live_claim()) == claim_spec(claim(storageClassName="fast"), live_claim())
    (message,) = told(cache, live_claim())
    assert says in message
    assert SUFFIX in message


def test_o09_a_claim_of_ones_own_is_used_and_not_made() -> None:
    document = with_pools({**PIPER, "modelCache": claim(None, claimName="models")})
    assert "PersistentVolumeClaim" not in {one["kind"] for one in rendered(document).manifests}
    volumes = child(document, "Deployment")["spec"]["template"]["spec"]["volumes"]
    assert {"name": "models", "persistentVolumeClaim": {"claimName": "models"}} in volumes


CHANGES: dict[str, Any] = {
    "image": "example.com/piper:1.3",
    "args": ["--fast"],
    "env": [{"name": "A", "value": "1"}],
    "port": 9000,
    "replicas": 4,
    "resources": {"limits": {"cpu": "3"}},
    "modelCache": {"type": "EmptyDir"},
    "models": {"maxResident": 1},
    "probe": {"path": "/health"},
    "updates": "Replace",
    "nodeSelector": {"a": "b"},
    "runtimeClassName": "nvidia",
    "serviceAccountAnnotations": {"a": "b"},
}


@pytest.mark.parametrize("field", CHANGES)
def test_o09_a_change_of_a_pool_touches_that_pool_alone(field: str) -> None:
    def children(piper: dict[str, Any]) -> dict[ObjectKey, str]:
        document = with_pools(piper, WHISPER, tts=SPEAKS)
        return {object_key(one): json.dumps(one) for one in rendered(document).manifests}

    before, after = children(PIPER), children({**PIPER, field: CHANGES[field]})
    changed = {key for key, _ in before.items() ^ after.items()}
    allowed = {ObjectKey("NetworkPolicy", "receptionist")} if field == "port" else set()
    assert {key for key in changed if key.kind != "ControllerRevision" and key.name != SUFFIX} == allowed


def test_o09_a_new_token_rolls_the_pool_and_not_the_gateway() -> None:
    parsed = parse(with_pools(FULL_POOL, WHISPER))

    def templates(token: str) -> dict[str, Any]:
        facts = with_values(parsed, {"token": token})
        found = [one for one in render(parsed, facts).manifests if one["kind"] == "Deployment"]
        return {one["metadata"]["name"]: one["spec"]["template"] for one in found}

    before, after = templates("one"), templates("hunter2")
    assert [name for name in before if before[name] != after[name]] == [SUFFIX]
    assert "hunter2" not in json.dumps(after)


def test_o09_a_secret_that_is_missing_is_told_and_holds_nobody_else() -> None:
    parsed = parse(with_pools(FULL_POOL))
    found = render(parsed, without_value(parsed, "hub", Presence.OBJECT_MISSING))
    (finding,) = [one for one in found.findings if one.condition is ConditionType.WORKERS_READY]
    assert finding.reason is Reason.SECRET_NOT_FOUND
    assert "spec.workerPools[0].env[1].valueFrom.secretKeyRef" in finding.message
    assert not [one for one in found.findings if one.condition is ConditionType.CREDENTIALS_READY]
    assert ObjectKey("Deployment", "receptionist") in {object_key(one) for one in found.manifests}


def test_o07_going_back_keeps_the_number_of_workers() -> None:
    before = parse(with_pools({**PIPER, "replicas": 2}))
    kept = revised(before)
    assert kept["workerPools"] == [{**PIPER}]
    scaling = {"minReplicas": 1, "maxReplicas": 5}
    now = with_pools({**PIPER, "image": "example.com/piper:broken", "scaling": scaling})["spec"]
    back = restored(now, kept)
    assert back["workerPools"] == [{**PIPER, "scaling": scaling}]
    assert "workerPools" not in restored(now, revised(parse(resource())))


def test_o09_without_pools_nothing_is_said_of_them() -> None:
    assert revised(parse(resource())).keys() == {"agent", "pipeline", "version"}
    assert rendered(resource()).worker_scales == ()


POOL_NAMES = st.from_regex(r"[a-z]([-a-z0-9]{0,28}[a-z0-9])?", fullmatch=True)
POOLS = optional(
    {"name": POOL_NAMES, "role": st.sampled_from(["TTS", "STT"]), "image": st.just("example.com/worker:1")},
    replicas=st.integers(0, 1000),
    port=st.integers(1, 65_535),
    command=st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=20), max_size=3),
    resources=st.sampled_from([{"limits": {"nvidia.com/gpu": 2}}, {"requests": {"cpu": "8", "memory": "0.5Gi"}}]),
    modelCache=st.sampled_from([{"type": "EmptyDir"}, claim(accessModes=["ReadWriteMany"])]),
    runtimeClassName=st.just("nvidia"),
)
SOME_POOLS = st.lists(POOLS, max_size=8, unique_by=lambda pool: str(pool["name"]))
RESOURCE_NAMES = st.from_regex(r"[a-z0-9]([-a-z0-9]{0,60}[a-z0-9])?", fullmatch=True)


@given(RESOURCE_NAMES, SOME_POOLS)
def test_o08_workers_are_hardened_whatever_the_spec_says(name: str, pools: list[dict[str, Any]]) -> None:
    document = copy.deepcopy(with_pools(*pools))
    document["metadata"]["name"] = name
    for manifest in rendered(document).manifests:
        if manifest["kind"] != "Deployment":
            continue
        pod = manifest["spec"]["template"]["spec"]
        (only,) = pod["containers"]
        assert pod["automountServiceAccountToken"] is False
        assert pod["securityContext"]["runAsUser"] == pod["securityContext"]["runAsGroup"] == 1000
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert only["securityContext"]["readOnlyRootFilesystem"] is True
        assert only["securityContext"]["capabilities"] == {"drop": ["ALL"]}
        assert {"cpu", "memory"} <= only["resources"]["requests"].keys() & only["resources"]["limits"].keys()
        assert not {"hostPath", "hostNetwork", "hostPID"} & pod.keys()
        assert not any("hostPath" in volume for volume in pod["volumes"])


@given(RESOURCE_NAMES, SOME_POOLS)
def test_o09_children_of_pools_are_named_within_limits_labelled_and_owned(
    name: str, pools: list[dict[str, Any]]
) -> None:
    document = copy.deepcopy(with_pools(*pools))
    document["metadata"]["name"] = name
    manifests = rendered(document).manifests
    keys = [object_key(one) for one in manifests]
    assert len(keys) == len(set(keys))
    for manifest in manifests:
        metadata = manifest["metadata"]
        assert re.fullmatch(r"[a-z]([-a-z0-9]*[a-z0-9])?", metadata["name"])
        if pool_of(manifest) is not None:
            assert len(metadata["name"]) <= 46
            (owner,) = metadata["ownerReferences"]
            assert owner["controller"] is True
            assert metadata["labels"]["app.kubernetes.io/component"] == "worker"
            assert metadata["labels"]["parley.dev/name"] == manifests[0]["metadata"]["labels"]["parley.dev/name"]


def test_o09_every_field_of_a_pool_has_an_example() -> None:
    fields = {
        field.alias for field in type((parse(with_pools(PIPER)).spec.worker_pools or ())[0]).model_fields.values()
    }
    assert fields - FULL_POOL.keys() == {"replicas"}
