"""Worker pools, good and bad: given to the models here and to a real API server in tests/operator/api."""

from __future__ import annotations

from typing import Any

from tests.unit.operator.examples import MINIMAL, Bad, resource, secret

PIPER: dict[str, Any] = {"name": "piper", "role": "TTS", "image": "example.com/piper:1.2"}
WHISPER: dict[str, Any] = {
    "name": "whisper",
    "role": "STT",
    "image": "example.com/whisper@sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "resources": {"limits": {"nvidia.com/gpu": 1}},
}
FULL_POOL: dict[str, Any] = {
    **PIPER,
    "command": ["/app/serve"],
    "args": ["--port", "$(PARLEY_PORT)"],
    "env": [
        {"name": "LD_LIBRARY_PATH", "value": "/opt/cuda/lib"},
        {"name": "HF_TOKEN", "valueFrom": secret("hub", "token")},
        {"name": "MIRROR", "valueFrom": {"configMapKeyRef": {"name": "site", "key": "mirror"}}},
    ],
    "port": 5000,
    "apiPath": "/api/v1",
    "scaling": {
        "minReplicas": 2,
        "maxReplicas": 6,
        "targetCPUPercent": 50,
        "podMetric": {"name": "requests_running", "averageValue": "2500m"},
        "scaleDownWindow": "20m",
    },
    "resources": {
        "requests": {"cpu": "1", "memory": "2048Mi"},
        "limits": {"cpu": 2, "memory": "8Gi", "nvidia.com/gpu": "1"},
    },
    "modelCache": {
        "type": "PersistentVolumeClaim",
        "persistentVolumeClaim": {
            "size": "20Gi",
            "storageClassName": "shared",
            "accessModes": ["ReadWriteMany"],
        },
        "mountPath": "/var/lib/models",
    },
    "models": {"maxResident": 2, "ttl": "10m"},
    "probe": {"path": "/health", "startupTimeout": "1h"},
    "updates": "Surge",
    "additionalEgress": [
        {"to": [{"ipBlock": {"cidr": "10.20.0.0/16"}}], "ports": [{"protocol": "TCP", "port": 443}]}
    ],
    "nodeSelector": {"kubernetes.io/arch": "amd64"},
    "tolerations": [{"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"}],
    "affinity": {
        "nodeAffinity": {
            "requiredDuringSchedulingIgnoredDuringExecution": {
                "nodeSelectorTerms": [{"matchExpressions": [{"key": "gpu", "operator": "In", "values": ["l4"]}]}]
            }
        }
    },
    "priorityClassName": "system-cluster-critical",
    "runtimeClassName": "nvidia",
    "serviceAccountAnnotations": {"example.com/role": "models"},
}
"""Every field of a pool, each with a value that is not its default."""

SPEAKS = {"provider": "WorkerPool", "workerPool": {"name": "piper"}, "model": "amy-low", "voice": "amy"}
HEARS = {"provider": "WorkerPool", "workerPool": {"name": "whisper"}, "model": "large-v3"}


def claim(size: str | None = "20Gi", **said: Any) -> dict[str, Any]:
    """A cache on a volume."""
    wanted = {"size": size, **said} if size else said
    return {"type": "PersistentVolumeClaim", "persistentVolumeClaim": wanted}


def with_pools(*pools: dict[str, Any], **stages: Any) -> dict[str, Any]:
    """The minimal resource with pools, and stages that use them or not."""
    return resource(workerPools=list(pools), pipeline={**MINIMAL["spec"]["pipeline"], **stages})


GOOD_POOLS: dict[str, dict[str, Any]] = {
    "a pool and no more": with_pools(PIPER),
    "no pools": with_pools(),
    "every field": with_pools(FULL_POOL, tts={**SPEAKS, "openAICompatible": {"sampleRate": 22050}}),
    "pools for both": with_pools(
        PIPER, WHISPER, stt={**HEARS, "transcription": {"prompt": "Sourdough."}}, tts=SPEAKS
    ),
    "pools to fall back on": with_pools(
        PIPER,
        WHISPER,
        stt={"provider": "Embedded", "fallbacks": [{"name": "own", **HEARS}]},
        tts={"provider": "Embedded", "fallbacks": [{"name": "own", **SPEAKS}]},
    ),
    "one worker on a volume for one": with_pools({**PIPER, "modelCache": claim()}),
    "many workers on a volume for many": with_pools(
        {**PIPER, "replicas": 5, "modelCache": claim(accessModes=["ReadWriteOnce", "ReadWriteMany"])}
    ),
    "a claim of one's own": with_pools(
        {
            **PIPER,
            "scaling": {"maxReplicas": 3},
            "modelCache": claim(None, claimName="models", accessModes=["ReadWriteMany"]),
        }
    ),
    "a pool at rest": with_pools({**PIPER, "replicas": 0}),
    "a key for the pool": with_pools(PIPER, tts={**SPEAKS, "apiKeys": [secret("keys", "piper")]}),
}

_ROLE = "names a pool that workerPools does not have with role"
BAD_POOLS: list[Bad] = [
    Bad("a pool twice", with_pools(PIPER, PIPER), "spec.workerPools[1]", ""),
    Bad("a pool of no role", with_pools({**PIPER, "role": "LLM"}), "spec.workerPools[0].role", "'TTS'"),
    Bad(
        "a pool with a long name",
        with_pools({**PIPER, "name": "p" * 31}),
        "spec.workerPools[0].name",
        "at most 30",
    ),
    Bad("an image with a space", with_pools({**PIPER, "image": "piper latest"}), "spec.workerPools[0].image", ""),
    Bad(
        "replicas and an autoscaler",
        with_pools({**PIPER, "replicas": 2, "scaling": {"maxReplicas": 3}}),
        "spec.workerPools[0].replicas",
        "set replicas for a fixed number of workers, or scaling for an autoscaler, not both",
    ),
    Bad(
        "an autoscaler without an end",
        with_pools({**PIPER, "scaling": {}}),
        "spec.workerPools[0].scaling.maxReplicas",
        "required",
    ),
    Bad(
        "an autoscaler upside down",
        with_pools({**PIPER, "scaling": {"minReplicas": 5, "maxReplicas": 2}}),
        "spec.workerPools[0].scaling.minReplicas",
        "minReplicas must not be greater than maxReplicas",
    ),
    Bad(
        "many workers on a volume for one",
        with_pools({**PIPER, "replicas": 2, "modelCache": claim()}),
        "spec.workerPools[0].modelCache",
        "set accessModes to [ReadWriteMany]",
    ),
    Bad(
        "an autoscaler on a volume for one",
        with_pools(
            {**PIPER, "scaling": {"maxReplicas": 2}, "modelCache": claim(accessModes=["ReadWriteOncePod"])}
        ),
        "spec.workerPools[0].modelCache",
        "several workers cannot share a volume that is ReadWriteOnce",
    ),
    Bad(
        "a claim of one's own of which nothing is said",
        with_pools({**PIPER, "replicas": 2, "modelCache": claim(None, claimName="models")}),
        "spec.workerPools[0].modelCache",
        "set accessModes to [ReadWriteMany]",
    ),
    Bad(
        "two workers at a time on a volume for one",
        with_pools({**PIPER, "updates": "Surge", "modelCache": claim()}),
        "spec.workerPools[0].updates",
        "updates Surge needs a volume for two workers at a time",
    ),
    Bad(
        "a claim made and one's own",
        with_pools({**PIPER, "modelCache": claim(claimName="models")}),
        "spec.workerPools[0].modelCache.persistentVolumeClaim",
        "set size for a claim that is made, or claimName for one of your own",
    ),
    Bad(
        "a class for a claim of one's own",
        with_pools({**PIPER, "modelCache": claim(None, claimName="models", storageClassName="fast")}),
        "spec.workerPools[0].modelCache.persistentVolumeClaim.storageClassName",
        "storageClassName is for a claim that is made",
    ),
    Bad(
        "a volume without its settings",
        with_pools({**PIPER, "modelCache": {"type": "PersistentVolumeClaim"}}),
        "spec.workerPools[0].modelCache.persistentVolumeClaim",
        "persistentVolumeClaim is required for type PersistentVolumeClaim",
    ),
    Bad(
        "a folder with a volume's settings",
        with_pools({**PIPER, "modelCache": {**claim(), "type": "EmptyDir"}}),
        "spec.workerPools[0].modelCache.persistentVolumeClaim",
        "and for no other",
    ),
    Bad(
        "a volume with a folder's settings",
        with_pools({**PIPER, "modelCache": {**claim(), "emptyDir": {}}}),
        "spec.workerPools[0].modelCache.emptyDir",
        "emptyDir may be set for type EmptyDir only",
    ),
    Bad(
        "a cache in memory",
        with_pools({**PIPER, "modelCache": {"type": "EmptyDir", "mountPath": "/tmp/models"}}),
        "spec.workerPools[0].modelCache.mountPath",
        "mountPath must be outside /tmp",
    ),
    Bad(
        "a cache that climbs",
        with_pools({**PIPER, "modelCache": {"type": "EmptyDir", "mountPath": "/models/../etc"}}),
        "spec.workerPools[0].modelCache.mountPath",
        "an absolute path",
    ),
    Bad(
        "a GPU that is asked for",
        with_pools({**PIPER, "resources": {"requests": {"nvidia.com/gpu": "1"}}}),
        "spec.workerPools[0].resources.requests",
        "are said in limits alone",
    ),
    Bad(
        "half a GPU",
        with_pools({**PIPER, "resources": {"limits": {"nvidia.com/gpu": "500m"}}}),
        "spec.workerPools[0].resources.limits",
        "devices are counted in whole numbers",
    ),
    Bad(
        "more asked for than allowed",
        with_pools({**PIPER, "resources": {"requests": {"cpu": "3"}, "limits": {"cpu": "2"}}}),
        "spec.workerPools[0].resources.requests",
        "requests must not be greater than limits",
    ),
    Bad(
        "the operator's own variable",
        with_pools({**PIPER, "env": [{"name": "PARLEY_PORT", "value": "1"}]}),
        "spec.workerPools[0].env[0].name",
        "names that begin with PARLEY_ are written by the operator",
    ),
    Bad(
        "a variable of nothing",
        with_pools({**PIPER, "env": [{"name": "A"}]}),
        "spec.workerPools[0].env[0]",
        "set exactly one of value and valueFrom",
    ),
    Bad(
        "a start of a second",
        with_pools({**PIPER, "probe": {"startupTimeout": "1s"}}),
        "spec.workerPools[0].probe.startupTimeout",
        "startupTimeout must be between 10s and 6h",
    ),
    Bad(
        "a model for ever",
        with_pools({**PIPER, "models": {"ttl": "999h"}}),
        "spec.workerPools[0].models.ttl",
        "ttl must be between 1s and 168h",
    ),
    Bad(
        "an autoscaler that never forgets",
        with_pools({**PIPER, "scaling": {"maxReplicas": 2, "scaleDownWindow": "2h"}}),
        "spec.workerPools[0].scaling.scaleDownWindow",
        "scaleDownWindow must be between 0s and 1h",
    ),
    Bad(
        "a voice of no pool",
        with_pools(tts={key: value for key, value in SPEAKS.items() if key != "workerPool"}),
        "spec.pipeline.tts.workerPool",
        "workerPool is required for this provider",
    ),
    Bad("a pool that is not there", with_pools(tts=SPEAKS), "spec.pipeline.tts.workerPool", f"{_ROLE} TTS"),
    Bad(
        "a pool that hears, to speak",
        with_pools(WHISPER, tts={**SPEAKS, "workerPool": {"name": "whisper"}}),
        "spec.pipeline.tts.workerPool",
        f"{_ROLE} TTS",
    ),
    Bad(
        "a pool that speaks, to hear",
        with_pools(PIPER, stt={**HEARS, "workerPool": {"name": "piper"}}),
        "spec.pipeline.stt.workerPool",
        f"{_ROLE} STT",
    ),
    Bad(
        "a fallback to a pool that is not there",
        with_pools(PIPER, stt={"provider": "Embedded", "fallbacks": [{"name": "own", **HEARS}]}),
        "spec.pipeline.stt.fallbacks",
        f"{_ROLE} STT",
    ),
    Bad(
        "a pool at another address",
        with_pools(PIPER, tts={**SPEAKS, "baseURL": "http://piper/v1"}),
        "spec.pipeline.tts.baseURL",
        "provider WorkerPool takes no baseURL",
    ),
    Bad(
        "a pool for another provider",
        with_pools(PIPER, tts={"provider": "Embedded", "workerPool": {"name": "piper"}}),
        "spec.pipeline.tts.workerPool",
        "workerPool may be set for provider WorkerPool only",
    ),
    Bad(
        "a pool without a voice",
        with_pools(PIPER, tts={key: value for key, value in SPEAKS.items() if key != "voice"}),
        "spec.pipeline.tts.voice",
        "voice is required for this provider",
    ),
]
