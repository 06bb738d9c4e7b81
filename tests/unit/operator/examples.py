"""VoiceDeployments, good and bad: given to the models here and to a real API server in tests/operator/api."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import Any

MINIMAL: dict[str, Any] = {
    "apiVersion": "parley.dev/v1alpha1",
    "kind": "VoiceDeployment",
    "metadata": {"name": "receptionist", "namespace": "default"},
    "spec": {
        "agent": {"instructions": "You answer the phone of a bakery."},
        "pipeline": {
            "stt": {"provider": "Embedded"},
            "llm": {"provider": "Embedded"},
            "tts": {"provider": "Embedded"},
        },
    },
}


def secret(name: str, key: str) -> dict[str, Any]:
    return {"secretKeyRef": {"name": name, "key": key}}


KEYED_STT = {"provider": "Deepgram", "model": "nova-3", "apiKeys": [secret("keys", "deepgram")]}
KEYED_LLM = {"provider": "Anthropic", "model": "claude-haiku-4-5", "apiKeys": [secret("keys", "anthropic")]}
KEYED_TTS = {
    "provider": "OpenAI",
    "model": "gpt-4o-mini-tts",
    "voice": "alloy",
    "apiKeys": [secret("keys", "openai")],
}

FULL_SPEC: dict[str, Any] = {
    "version": "0.1",
    "replicas": 2,
    "agent": {
        "instructionsFrom": {"configMapKeyRef": {"name": "prompts", "key": "receptionist.txt"}},
        "greeting": "Hello, this is the bakery.",
        "language": "en-US",
    },
    "pipeline": {
        "stt": {
            **KEYED_STT,
            "deepgram": {"keyterms": ["sourdough"], "endpointing": "250ms", "utteranceEnd": "1s"},
        },
        "llm": {**KEYED_LLM, "maxTokens": 300, "temperature": "0.7", "baseURL": "https://llm.example.com/v1"},
        "tts": {**KEYED_TTS, "model": "gpt-4o-mini-tts", "openAI": {"instructions": "warm and calm"}},
    },
    "endpoint": {
        "hosts": ["voice.example.com", "calls.example.com"],
        "protocols": [{"name": "Native", "paths": ["/v1/voice", "/ws/voco-stream"]}],
        "ingress": {
            "className": "nginx",
            "annotations": {"example.com/team": "bakery"},
            "tls": {"secretRef": {"name": "voice-certificate"}},
        },
        "connection": {"idleTimeout": "5m", "maxDuration": "1h"},
        "rateLimit": {"perClientIP": {"connectionsPerSecond": 50, "burst": 100}},
        "hsts": "Enabled",
    },
    "auth": {"tokens": [secret("tokens", "website"), secret("tokens", "phone")]},
    "limits": {"sessionDuration": "45m", "idleTimeout": "2m", "sessionsPerPod": 50, "connectionsPerPod": 500},
    "scaling": {
        "type": "HPA",
        "minReplicas": 2,
        "maxReplicas": 20,
        "targetCPUPercent": 60,
        "scaleDownWindow": "20m",
    },
    "observability": {
        "monitor": {"type": "ServiceMonitor", "labels": {"release": "kube-prometheus-stack"}},
        "alerts": {
            "mode": "Enabled",
            "labels": {"release": "kube-prometheus-stack"},
            "runbookURL": "https://wiki.example.com/voice#{alert}",
        },
        "dashboard": {"mode": "Enabled", "labels": {"folder": "voice"}},
    },
    "rollout": {
        "drainTimeout": "45m",
        "progressDeadline": "5m",
        "onFailure": "Rollback",
        "revisionHistoryLimit": 5,
        "canary": {"weightPercent": 10},
    },
    "networkPolicy": {
        "mode": "Enabled",
        "ingressFrom": [
            {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "ingress-nginx"}}},
            {"namespaceSelector": {}, "podSelector": {"matchLabels": {"app.kubernetes.io/name": "prometheus"}}},
        ],
        "additionalEgress": [
            {
                "to": [{"ipBlock": {"cidr": "10.20.0.0/16", "except": ["10.20.9.0/24"]}}],
                "ports": [{"protocol": "TCP", "port": 8000, "endPort": 8010}],
            },
            {"ports": [{"protocol": "UDP", "port": 3478}]},
        ],
    },
    "pod": {
        "labels": {"team": "bakery"},
        "annotations": {"example.com/owner": "bakery"},
        "serviceAccountAnnotations": {"example.com/role": "voice"},
        "imagePullSecrets": [{"name": "registry"}],
        "nodeSelector": {"kubernetes.io/arch": "amd64"},
        "tolerations": [{"key": "voice", "operator": "Exists", "effect": "NoSchedule"}],
        "affinity": {
            "nodeAffinity": {
                "requiredDuringSchedulingIgnoredDuringExecution": {
                    "nodeSelectorTerms": [
                        {"matchExpressions": [{"key": "pool", "operator": "In", "values": ["cpu"]}]}
                    ]
                }
            }
        },
        "topologySpreadConstraints": [
            {"maxSkew": 1, "topologyKey": "topology.kubernetes.io/zone", "whenUnsatisfiable": "DoNotSchedule"}
        ],
        "resources": {"requests": {"cpu": "500m", "memory": "512Mi"}, "limits": {"cpu": 2, "memory": "2048Mi"}},
        "env": [
            {"name": "HTTPS_PROXY", "value": "http://proxy.example.com:3128"},
            {"name": "REGION", "valueFrom": {"configMapKeyRef": {"name": "site", "key": "region"}}},
        ],
        "trustBundle": {"configMapKeyRef": {"name": "company-ca", "key": "ca.crt"}},
    },
}


PROXIED_POD: dict[str, Any] = {
    "labels": {"azure.workload.identity/use": "true"},
    "serviceAccountAnnotations": {
        "eks.amazonaws.com/role-arn": "arn:aws:iam::111122223333:role/voice",
        "iam.gke.io/gcp-service-account": "voice@project.iam.gserviceaccount.com",
        "azure.workload.identity/client-id": "11111111-1111-1111-1111-111111111111",
    },
    "priorityClassName": "calls",
    "runtimeClassName": "gvisor",
    "proxy": {
        "httpProxy": "http://10.0.0.8:3128",
        "httpsProxy": "http://proxy.corp.example.com:3128",
        "noProxy": [".corp.example.com", "10.0.0.9", "models.example.com"],
    },
    "trustBundle": {"secretKeyRef": {"name": "company-ca", "key": "bundle.pem"}},
}

HTTP_TOOL = {
    "name": "book_table",
    "type": "HTTP",
    "http": {
        "url": "https://tables.example.com/book",
        "description": "Books a table.",
        "parameters": {
            "type": "object",
            "properties": {"people": {"type": "integer"}, "at": {"type": "string"}},
            "required": ["people", "at"],
        },
        "headers": [{"name": "Authorization", "valueFrom": secret("tools", "tables")}],
        "idempotent": True,
    },
    "timeout": "5s",
}
MCP_TOOL = {
    "name": "crm",
    "type": "MCP",
    "mcp": {
        "url": "https://crm.example.com/mcp",
        "allowedTools": ["find_customer"],
        "idempotentTools": ["find_customer"],
    },
}
JWT = {
    "issuer": "https://id.example.com",
    "audiences": ["voice"],
    "algorithms": ["RS256", "ES256"],
    "jwksURI": "https://id.example.com/jwks",
    "claims": {"user": "sub", "tenant": "org"},
}
HS256 = {"issuer": "accounts", "audiences": ["voice"], "algorithms": ["HS256"], "secret": secret("jwt", "secret")}
CARTESIA = {"provider": "Cartesia", "model": "sonic-3", "voice": "a0e9", "apiKeys": [secret("keys", "cartesia")]}
ENGINE_SPEC: dict[str, Any] = {
    "agent": {
        "instructions": "You answer the phone of a bakery.",
        "phrases": {"apology": "Sorry, one moment.", "stillThere": "Still there?", "goodbye": ""},
        "tools": [HTTP_TOOL, MCP_TOOL],
    },
    "pipeline": {
        "stt": {
            "provider": "DeepgramFlux",
            "apiKeys": [secret("keys", "deepgram"), secret("keys", "deepgram-2")],
            "concurrentRequests": 100,
            "flux": {"keyterms": ["sourdough"], "eagerThreshold": "0.4", "threshold": "0.8", "timeout": "3s"},
            "fallbacks": [
                {"name": "classic", **KEYED_STT},
                {
                    "name": "whisper",
                    "provider": "OpenAICompatible",
                    "baseURL": "http://whisper.example.com/v1",
                    "model": "large-v3",
                    "transcription": {"prompt": "Sourdough, rye."},
                },
            ],
        },
        "llm": {
            **KEYED_LLM,
            "requestsPerMinute": 500,
            "anthropic": {"thinking": "BetweenTools"},
            "fallbacks": [
                {
                    "name": "gemini",
                    "provider": "Gemini",
                    "model": "gemini-2.5-flash",
                    "apiKeys": [secret("keys", "gemini")],
                    "gemini": {"thinkingBudget": 0},
                },
                {
                    "name": "own",
                    "provider": "OpenAICompatible",
                    "baseURL": "http://litellm.example.com:4000/v1",
                    "model": "gpt-4.1-mini",
                    "reasoning": {"effort": "None"},
                },
            ],
        },
        "tts": {
            **CARTESIA,
            "fallbacks": [
                {
                    "name": "eleven",
                    "provider": "ElevenLabs",
                    "voice": "21m00",
                    "apiKeys": [secret("keys", "eleven")],
                    "elevenLabs": {"stability": "0.5", "similarityBoost": "1"},
                },
                {"name": "aura", "provider": "Deepgram", "apiKeys": [secret("keys", "deepgram")]},
                {
                    "name": "piper",
                    "provider": "OpenAICompatible",
                    "baseURL": "http://piper.example.com/v1",
                    "model": "piper",
                    "voice": "amy",
                    "openAICompatible": {"sampleRate": 22050},
                },
            ],
        },
        "resilience": {"retries": 2, "breakerFailures": 3, "breakerProbeInterval": "5s"},
        "deadlines": {
            "stt": {"firstByte": "5s"},
            "llm": {"connect": "2s", "firstByte": "8s", "betweenBytes": "4s"},
            "tts": {"firstByte": "3s"},
        },
        "speechCache": {"maxSize": "32Mi"},
    },
    "turnTaking": {
        "voiceActivity": "Silero",
        "endOfTurn": "Semantic",
        "endOfSpeechSilence": "500ms",
        "completeSilence": "300ms",
        "incompleteSilence": "2s",
        "transcriptTimeout": "2s",
        "speechTimeout": "8s",
        "keypadPause": "3s",
        "preemptive": False,
        "bargeIn": {
            "mode": "Enabled",
            "minSpeechDuration": "250ms",
            "backchannels": ["mhm", "aha"],
            "backchannelPause": "500ms",
            "answerWindow": "800ms",
            "falseInterruptionTimeout": "1500ms",
            "echoTail": "700ms",
            "stutterWindow": "2s",
            "unheardSpeech": "1s",
        },
        "longestSilence": "20s",
        "farewellTimeout": "5s",
        "idleAnswerTime": "10s",
    },
    "endpoint": {
        "protocols": [
            {"name": "Native"},
            {
                "name": "Twilio",
                "paths": ["/calls"],
                "twilio": {"authToken": secret("twilio", "token"), "publicURL": "https://voice.example.com"},
            },
        ],
        "healthPaths": ["/api/voice/health"],
        "allowedOrigins": ["https://example.com", "https://*.example.com", "http://localhost:3000"],
    },
    "auth": {
        "tokens": [secret("tokens", "website")],
        "tokensInAddress": True,
        "apiKeys": [{"name": "backend", "valueFrom": secret("tokens", "backend"), "tenant": "bakery"}],
        "jwt": [JWT, HS256],
        "clientSecrets": {"path": "/v1/tickets", "lifetime": "45s"},
    },
    "limits": {
        "messagesPerSecond": 100,
        "maxFrameSize": 32_768,
        "sessionsPerUser": 2,
        "cost": {
            "perSession": "2.50",
            "perUserPerDay": "10",
            "perDay": "500",
            "warnAtPercent": 75,
            "prices": [
                {
                    "provider": "OpenAICompatible",
                    "model": "piper",
                    "unit": "AudioOutputTokens",
                    "price": "0.02",
                    "per": 1_000_000,
                }
            ],
        },
    },
    "sessions": {"redis": {"url": secret("redis", "url"), "whenAway": "Refuse"}},
    "records": {"postgres": {"url": secret("pg-app", "uri")}, "transcripts": "Text", "retentionDays": 90},
    "recordings": {
        "persistentVolumeClaim": {"claimName": "voice-recordings"},
        "retentionDays": 90,
        "maxDuration": "30m",
        "minFreeSpace": "1Gi",
    },
    "billing": {
        "stripe": {
            "apiKey": secret("stripe", "key"),
            "meter": "voice_cents",
            "customer": "User",
            "webhookSecret": secret("stripe", "webhook"),
        }
    },
    "observability": {
        "logLevel": "Debug",
        "maxTenants": 20,
        "sla": {"firstToken": "400ms", "firstAudio": "1s"},
        "traces": {
            "endpoint": "http://collector.example.com:4318/v1/traces",
            "headers": [{"name": "X-Key", "valueFrom": secret("otel", "key")}],
            "sampleRatio": "0.1",
        },
        "profiling": "Enabled",
    },
}
"""Every field of the conversation engine, each with a value that is not its default."""


CERT_MANAGER = {"issuerRef": {"kind": "ClusterIssuer", "name": "letsencrypt"}}


def resource(**spec: Any) -> dict[str, Any]:
    """The minimal resource with the given blocks of its spec in place of its own."""
    document = copy.deepcopy(MINIMAL)
    document["spec"].update(copy.deepcopy(spec))
    return document


def with_pipeline(**stages: Any) -> dict[str, Any]:
    return resource(pipeline={**MINIMAL["spec"]["pipeline"], **stages})


def with_pods_of_its_own(pod: dict[str, Any]) -> dict[str, Any]:
    """With a language model that is a Service of the same namespace."""
    llm = {"provider": "OpenAICompatible", "baseURL": "http://litellm:4000/v1", "model": "gpt-4.1-mini"}
    return with_pipeline(llm=llm) | {"spec": {**with_pipeline(llm=llm)["spec"], "pod": copy.deepcopy(pod)}}


def with_ingress(**endpoint: Any) -> dict[str, Any]:
    return resource(endpoint={"hosts": ["voice.example.com"], "ingress": {}, **endpoint})


def with_gateway(**endpoint: Any) -> dict[str, Any]:
    gateway = {"parentRefs": [{"namespace": "infra", "name": "main"}]}
    return resource(endpoint={"hosts": ["voice.example.com"], "gateway": gateway, **endpoint})


@dataclass(frozen=True)
class Bad:
    """A resource that must be refused, with where and in which words."""

    name: str
    document: dict[str, Any]
    path: str
    says: str


GOOD: dict[str, dict[str, Any]] = {
    "agent and pipeline only": MINIMAL,
    "everything": resource(**FULL_SPEC),
    "the conversation engine": resource(**ENGINE_SPEC),
    "tokens of an issuer": resource(auth={"jwt": [JWT]}),
    "a workers' voice without a key": with_pipeline(
        tts={
            "provider": "OpenAICompatible",
            "baseURL": "http://piper.example.com/v1",
            "model": "piper",
            "voice": "amy",
        }
    ),
    "plain ingress of the default class": with_ingress(),
    "through a gateway": with_gateway(),
    "through listeners of gateways": with_gateway(
        gateway={
            "parentRefs": [
                {"name": "main", "sectionName": "https", "port": 443},
                {"group": "gateway.networking.x-k8s.io", "kind": "XListenerSet", "name": "ours"},
            ]
        },
        hsts="Enabled",
    ),
    "recordings for a sidecar": resource(recordings={"emptyDir": {}}),
    "self-signed": with_ingress(ingress={"tls": {"selfSigned": {}}}),
    "a certificate of cert-manager's": with_ingress(ingress={"tls": {"certManager": CERT_MANAGER}}),
    "a certificate for a day": with_ingress(
        ingress={
            "tls": {
                "certManager": {
                    "issuerRef": {"group": "awspca.cert-manager.io", "kind": "AWSPCAIssuer", "name": "ca"},
                    "duration": "24h",
                    "renewBefore": "8h",
                }
            }
        }
    ),
    "cert-manager told by an annotation": with_ingress(
        ingress={
            "tls": {"secretRef": {"name": "voice-tls"}},
            "annotations": {"cert-manager.io/cluster-issuer": "le"},
        }
    ),
    "anonymous": resource(auth={"anonymous": {}}),
    "paths without a host": resource(endpoint={"protocols": [{"name": "Native", "paths": ["/stream"]}]}),
    "suspended": resource(suspend=True, replicas=0),
    "instructions from a secret": resource(agent={"instructionsFrom": secret("prompts", "agent.txt")}),
    "embedded voice": with_pipeline(
        tts={"provider": "Embedded", "voice": "en-gb", "embedded": {"wordsPerMinute": 150}}
    ),
    "keyed stages": with_pipeline(stt=KEYED_STT, llm=KEYED_LLM, tts=KEYED_TTS),
    "pods behind a proxy": with_pods_of_its_own(PROXIED_POD),
    "compound durations": resource(
        limits={"sessionDuration": "1h30m", "idleTimeout": "90s"}, rollout={"drainTimeout": "1h30m"}
    ),
}

BAD: list[Bad] = [
    Bad("no agent", {**MINIMAL, "spec": {"pipeline": MINIMAL["spec"]["pipeline"]}}, "spec.agent", "required"),
    Bad(
        "a monitor of no kind",
        resource(observability={"monitor": {"type": "Probe"}}),
        "spec.observability.monitor.type",
        "PodMonitor",
    ),
    Bad(
        "labels of the operator's own",
        resource(observability={"alerts": {"labels": {"parley.dev/name": "other"}}}),
        "spec.observability.alerts.labels",
        "written by the operator",
    ),
    Bad(
        "a runbook that is the same for all",
        resource(observability={"alerts": {"runbookURL": "https://wiki.example.com/voice"}}),
        "spec.observability.alerts.runbookURL",
        "alert",
    ),
    Bad(
        "a network that is none",
        resource(networkPolicy={"ingressFrom": [{"ipBlock": {"cidr": "10.0.0.256/8"}}]}),
        "spec.networkPolicy.ingressFrom[0].ipBlock.cidr",
        "10",
    ),
    Bad(
        "pods that are a network",
        resource(networkPolicy={"ingressFrom": [{"podSelector": {}, "ipBlock": {"cidr": "10.0.0.0/8"}}]}),
        "spec.networkPolicy.ingressFrom[0]",
        "set ipBlock alone, or else podSelector, namespaceSelector or both",
    ),
    Bad(
        "nobody",
        resource(networkPolicy={"ingressFrom": [{}]}),
        "spec.networkPolicy.ingressFrom[0]",
        "set ipBlock alone",
    ),
    Bad(
        "everything by a rule",
        resource(networkPolicy={"additionalEgress": [{}]}),
        "spec.networkPolicy.additionalEgress[0]",
        "set to, ports or both",
    ),
    Bad(
        "ports that end before they begin",
        resource(networkPolicy={"additionalEgress": [{"ports": [{"port": 9000, "endPort": 8000}]}]}),
        "spec.networkPolicy.additionalEgress[0].ports[0].endPort",
        "endPort must be at least port",
    ),
    Bad("no instructions", resource(agent={"greeting": "Hi"}), "spec.agent", "set exactly one of instructions"),
    Bad(
        "instructions twice",
        resource(agent={"instructions": "x", "instructionsFrom": secret("a", "b")}),
        "spec.agent",
        "set exactly one of instructions and instructionsFrom",
    ),
    Bad(
        "instructions from two places",
        resource(
            agent={"instructionsFrom": {**secret("a", "b"), "configMapKeyRef": {"name": "a", "key": "b"}}},
        ),
        "spec.agent.instructionsFrom",
        "set exactly one of configMapKeyRef and secretKeyRef",
    ),
    Bad(
        "unknown provider",
        with_pipeline(stt={"provider": "Whisper"}),
        "spec.pipeline.stt.provider",
        "Embedded",
    ),
    Bad(
        "missing key for Deepgram",
        with_pipeline(stt={"provider": "Deepgram"}),
        "spec.pipeline.stt.apiKeys",
        "apiKeys is required for this provider",
    ),
    Bad(
        "missing model for Anthropic",
        with_pipeline(llm={"provider": "Anthropic", "apiKeys": KEYED_LLM["apiKeys"]}),
        "spec.pipeline.llm.model",
        "model is required for this provider",
    ),
    Bad(
        "missing model for OpenAI speech",
        with_pipeline(tts={key: value for key, value in KEYED_TTS.items() if key != "model"}),
        "spec.pipeline.tts.model",
        "model is required for this provider",
    ),
    Bad(
        "key for Embedded",
        with_pipeline(tts={"provider": "Embedded", "apiKeys": [secret("a", "b")]}),
        "spec.pipeline.tts.apiKeys",
        "provider Embedded takes no apiKeys",
    ),
    Bad(
        "model for Embedded",
        with_pipeline(tts={"provider": "Embedded", "model": "tts-1"}),
        "spec.pipeline.tts",
        "provider Embedded takes neither model nor baseURL",
    ),
    Bad(
        "tokens for Embedded",
        with_pipeline(llm={"provider": "Embedded", "maxTokens": 5}),
        "spec.pipeline.llm",
        "provider Embedded takes neither maxTokens nor temperature",
    ),
    Bad(
        "empty list of keys",
        with_pipeline(stt={"provider": "Deepgram", "apiKeys": []}),
        "spec.pipeline.stt.apiKeys",
        "at least 1 item",
    ),
    Bad(
        "Deepgram's settings for Embedded",
        with_pipeline(stt={"provider": "Embedded", "deepgram": {}}),
        "spec.pipeline.stt.deepgram",
        "deepgram may be set for provider Deepgram only",
    ),
    Bad(
        "OpenAI's settings for Embedded",
        with_pipeline(tts={"provider": "Embedded", "openAI": {"instructions": "calm"}}),
        "spec.pipeline.tts.openAI",
        "openAI may be set for provider OpenAI only",
    ),
    Bad(
        "Embedded's settings for OpenAI",
        with_pipeline(tts={**KEYED_TTS, "embedded": {"wordsPerMinute": 200}}),
        "spec.pipeline.tts.embedded",
        "embedded may be set for provider Embedded only",
    ),
    Bad(
        "endpointing too long",
        with_pipeline(stt={**KEYED_STT, "deepgram": {"endpointing": "6s"}}),
        "spec.pipeline.stt.deepgram.endpointing",
        "endpointing must be between 10ms and 5s",
    ),
    Bad(
        "utterance end too short",
        with_pipeline(stt={**KEYED_STT, "deepgram": {"utteranceEnd": "500ms"}}),
        "spec.pipeline.stt.deepgram.utteranceEnd",
        "utteranceEnd must be between 1s and 5s",
    ),
    Bad(
        "too hot for Anthropic",
        with_pipeline(llm={**KEYED_LLM, "temperature": "1.5"}),
        "spec.pipeline.llm.temperature",
        'temperature is at most "1" for Anthropic',
    ),
    Bad(
        "base URL with a password",
        with_pipeline(llm={**KEYED_LLM, "baseURL": "https://me:pw@llm.example.com"}),
        "spec.pipeline.llm.baseURL",
        "",
    ),
    Bad("host without a dot", with_ingress(hosts=["voice"]), "spec.endpoint.hosts[0]", ""),
    Bad("host in capitals", with_ingress(hosts=["Voice.example.com"]), "spec.endpoint.hosts[0]", ""),
    Bad("host with a port", with_ingress(hosts=["voice.example.com:8443"]), "spec.endpoint.hosts[0]", ""),
    Bad("host twice", with_ingress(hosts=["a.example.com", "a.example.com"]), "spec.endpoint.hosts[1]", ""),
    Bad(
        "ingress without a host",
        resource(endpoint={"ingress": {}}),
        "spec.endpoint.hosts",
        "hosts is required with ingress",
    ),
    Bad(
        "host without an ingress",
        resource(endpoint={"hosts": ["voice.example.com"]}),
        "spec.endpoint.ingress",
        "ingress or gateway is required with hosts",
    ),
    Bad(
        "gateway without a host",
        resource(endpoint={"gateway": {"parentRefs": [{"name": "main"}]}}),
        "spec.endpoint.hosts",
        "hosts is required with ingress and with gateway",
    ),
    Bad(
        "both an ingress and a gateway",
        with_gateway(ingress={}),
        "spec.endpoint.gateway",
        "set one of ingress and",
    ),
    Bad(
        "a gateway without a parent",
        with_gateway(gateway={"parentRefs": []}),
        "spec.endpoint.gateway.parentRefs",
        "at least 1 item",
    ),
    Bad(
        "HSTS with a certificate that browsers do not trust",
        with_ingress(ingress={"tls": {"selfSigned": {}}}, hsts="Enabled"),
        "spec.endpoint.hsts",
        "hsts may not be Enabled with selfSigned",
    ),
    Bad(
        "a class named twice",
        with_ingress(ingress={"className": "gce", "annotations": {"kubernetes.io/ingress.class": "gce"}}),
        "spec.endpoint.ingress.className",
        "set one of className and the annotation kubernetes.io/ingress.class",
    ),
    Bad(
        "a burst below the rate",
        with_ingress(rateLimit={"perClientIP": {"connectionsPerSecond": 5, "burst": 4}}),
        "spec.endpoint.rateLimit.perClientIP.burst",
        "burst must be at least connectionsPerSecond",
    ),
    Bad(
        "two certificates",
        with_ingress(ingress={"tls": {"selfSigned": {}, "secretRef": {"name": "x"}}}),
        "spec.endpoint.ingress.tls",
        "set exactly one of secretRef, certManager and selfSigned",
    ),
    Bad(
        "no certificate",
        with_ingress(ingress={"tls": {}}),
        "spec.endpoint.ingress.tls",
        "set exactly one of secretRef, certManager and selfSigned",
    ),
    Bad(
        "three certificates",
        with_ingress(ingress={"tls": {"selfSigned": {}, "secretRef": {"name": "x"}, "certManager": CERT_MANAGER}}),
        "spec.endpoint.ingress.tls",
        "set exactly one of secretRef, certManager and selfSigned",
    ),
    Bad(
        "a certificate of nobody's",
        with_ingress(ingress={"tls": {"certManager": {}}}),
        "spec.endpoint.ingress.tls.certManager.issuerRef",
        "required",
    ),
    Bad(
        "a certificate of a moment",
        with_ingress(ingress={"tls": {"certManager": {**CERT_MANAGER, "duration": "5m"}}}),
        "spec.endpoint.ingress.tls.certManager.duration",
        "duration must be at least 1h",
    ),
    Bad(
        "a certificate that is always due",
        with_ingress(ingress={"tls": {"certManager": {**CERT_MANAGER, "duration": "1h", "renewBefore": "2h"}}}),
        "spec.endpoint.ingress.tls.certManager.renewBefore",
        "renewBefore must be at least 5m and less than duration",
    ),
    Bad(
        "a certificate that is renewed before its time",
        with_ingress(ingress={"tls": {"certManager": {**CERT_MANAGER, "renewBefore": "2160h"}}}),
        "spec.endpoint.ingress.tls.certManager.renewBefore",
        "which is 2160h by default",
    ),
    *(
        Bad(
            f"a second certificate by {annotation}",
            with_ingress(ingress={"tls": tls, "annotations": {annotation: "true"}}),
            "spec.endpoint.ingress.annotations",
            "would make a second certificate for the same Secret",
        )
        for annotation, tls in (
            ("cert-manager.io/issuer", {"certManager": CERT_MANAGER}),
            ("cert-manager.io/cluster-issuer", {"selfSigned": {}}),
            ("kubernetes.io/tls-acme", {"certManager": CERT_MANAGER}),
        )
    ),
    Bad(
        "the gateway's own path",
        resource(endpoint={"protocols": [{"name": "Native", "paths": ["/v1/voice", "/metrics"]}]}),
        "spec.endpoint.protocols[0].paths",
        "the gateway keeps /health",
    ),
    Bad(
        "path that climbs",
        resource(endpoint={"protocols": [{"name": "Native", "paths": ["/a/../b"]}]}),
        "spec.endpoint.protocols[0].paths[0]",
        "",
    ),
    Bad(
        "protocol twice",
        resource(endpoint={"protocols": [{"name": "Native"}, {"name": "Native", "paths": ["/x"]}]}),
        "spec.endpoint.protocols[1]",
        "",
    ),
    Bad(
        "idle timeout below the pings",
        with_ingress(connection={"idleTimeout": "10s"}),
        "spec.endpoint.connection.idleTimeout",
        "idleTimeout must be at least 30s",
    ),
    Bad(
        "connections too short",
        with_ingress(connection={"maxDuration": "30s"}),
        "spec.endpoint.connection.maxDuration",
        "maxDuration must be at least 1m",
    ),
    Bad(
        "connections shorter than sessions",
        with_ingress(connection={"maxDuration": "10m"}),
        "spec.endpoint.connection.maxDuration",
        "must be at least limits.sessionDuration",
    ),
    Bad("nobody may connect", resource(auth={}), "spec.auth", "set tokens, apiKeys or jwt, or else anonymous"),
    Bad(
        "tokens and anonymous",
        resource(auth={"tokens": [secret("a", "b")], "anonymous": {}}),
        "spec.auth",
        "set tokens, apiKeys or jwt, or else anonymous",
    ),
    Bad(
        "no tokens in addresses",
        resource(auth={"jwt": [JWT], "tokensInAddress": True}),
        "spec.auth.tokensInAddress",
        "tokensInAddress needs tokens",
    ),
    Bad(
        "client secrets that nobody mints",
        resource(auth={"tokens": [secret("a", "b")], "clientSecrets": {}}),
        "spec.auth.clientSecrets",
        "clientSecrets needs apiKeys",
    ),
    Bad(
        "HS256 beside public keys",
        resource(auth={"jwt": [{**JWT, "algorithms": ["HS256", "RS256"]}]}),
        "spec.auth.jwt[0]",
        "HS256 stands alone and needs secret",
    ),
    Bad(
        "RS256 without keys",
        resource(auth={"jwt": [{key: value for key, value in JWT.items() if key != "jwksURI"}]}),
        "spec.auth.jwt[0]",
        "RS256 and ES256 need jwksURI",
    ),
    Bad(
        "an issuer twice",
        resource(auth={"jwt": [JWT, {**JWT, "audiences": ["other"]}]}),
        "spec.auth.jwt[1]",
        "",
    ),
    Bad(
        "a server without its address",
        with_pipeline(llm={"provider": "OpenAICompatible", "model": "llama"}),
        "spec.pipeline.llm.baseURL",
        "baseURL is required for provider OpenAICompatible",
    ),
    Bad(
        "a fallback without its key",
        with_pipeline(stt={**KEYED_STT, "fallbacks": [{"name": "flux", "provider": "DeepgramFlux"}]}),
        "spec.pipeline.stt.fallbacks[0].apiKeys",
        "apiKeys is required for this provider",
    ),
    Bad(
        "a fallback twice",
        with_pipeline(stt={**KEYED_STT, "fallbacks": [{"name": "a", **KEYED_STT}, {"name": "a", **KEYED_STT}]}),
        "spec.pipeline.stt.fallbacks[1]",
        "",
    ),
    Bad(
        "a voice for Aura",
        with_pipeline(tts={"provider": "Deepgram", "voice": "thalia", "apiKeys": [secret("keys", "deepgram")]}),
        "spec.pipeline.tts.voice",
        "its model names it",
    ),
    Bad(
        "no voice for Cartesia",
        with_pipeline(tts={key: value for key, value in CARTESIA.items() if key != "voice"}),
        "spec.pipeline.tts.voice",
        "voice is required for this provider",
    ),
    Bad(
        "keys bounded that are not there",
        with_pipeline(llm={"provider": "Embedded", "requestsPerMinute": 5}),
        "spec.pipeline.llm",
        "provider Embedded takes neither requestsPerMinute nor concurrentRequests",
    ),
    Bad(
        "too eager",
        with_pipeline(
            stt={"provider": "DeepgramFlux", "apiKeys": [secret("a", "b")], "flux": {"eagerThreshold": "0.1"}}
        ),
        "spec.pipeline.stt.flux.eagerThreshold",
        'eagerThreshold must be between "0.3" and "0.9"',
    ),
    Bad(
        "thinking of another's",
        with_pipeline(llm={**KEYED_LLM, "reasoning": {"effort": "Low"}}),
        "spec.pipeline.llm.reasoning",
        "reasoning may be set for provider OpenAI or OpenAICompatible only",
    ),
    Bad(
        "thinking twice",
        with_pipeline(
            llm={
                **KEYED_LLM,
                "provider": "Gemini",
                "gemini": {"thinkingLevel": "Low", "thinkingBudget": 5},
            }
        ),
        "spec.pipeline.llm.gemini",
        "set thinkingLevel for Gemini 3 and later",
    ),
    Bad(
        "a tool of two kinds",
        resource(agent={"instructions": "x", "tools": [{**HTTP_TOOL, "mcp": MCP_TOOL["mcp"]}]}),
        "spec.agent.tools[0]",
        "set http for type HTTP, or mcp for type MCP",
    ),
    Bad(
        "a tool for ever",
        resource(agent={"instructions": "x", "tools": [{**MCP_TOOL, "timeout": "1h"}]}),
        "spec.agent.tools[0].timeout",
        "timeout must be between 100ms and 5m",
    ),
    Bad(
        "a silence without end",
        resource(turnTaking={"endOfSpeechSilence": "1m"}),
        "spec.turnTaking.endOfSpeechSilence",
        "endOfSpeechSilence must be between 100ms and 10s",
    ),
    Bad(
        "money as a number",
        resource(limits={"cost": {"perSession": 5}}),
        "spec.limits.cost.perSession",
        "string",
    ),
    Bad("no money", resource(limits={"cost": {"perSession": "0"}}), "spec.limits.cost.perSession", ""),
    Bad(
        "bills without records",
        resource(billing=ENGINE_SPEC["billing"]),
        "spec.billing",
        "billing needs records",
    ),
    Bad(
        "recordings in no place",
        resource(recordings={}),
        "spec.recordings",
        "set exactly one of persistentVolumeClaim and emptyDir",
    ),
    Bad(
        "recordings in two places",
        resource(recordings={**ENGINE_SPEC["recordings"], "emptyDir": {}}),
        "spec.recordings",
        "set exactly one of persistentVolumeClaim and emptyDir",
    ),
    Bad(
        "recordings in a thimble",
        resource(recordings={"emptyDir": {"sizeLimit": "10Mi"}}),
        "spec.recordings.emptyDir.sizeLimit",
        "sizeLimit must be at least 64Mi",
    ),
    Bad(
        "recordings that no WAV file can hold",
        resource(recordings={"emptyDir": {}, "maxDuration": "7h"}),
        "spec.recordings.maxDuration",
        "maxDuration must be between 10s and 6h",
    ),
    Bad(
        "Twilio's settings for Native",
        resource(endpoint={"protocols": [{"name": "Native", "twilio": {}}]}),
        "spec.endpoint.protocols[0].twilio",
        "twilio may be set for protocol Twilio only",
    ),
    Bad(
        "an origin with a path",
        resource(endpoint={"allowedOrigins": ["https://example.com/page"]}),
        "spec.endpoint.allowedOrigins[0]",
        "",
    ),
    Bad(
        "traced more than always",
        resource(observability={"traces": {"endpoint": "http://c.example.com", "sampleRatio": "2"}}),
        "spec.observability.traces.sampleRatio",
        'sampleRatio is at most "1"',
    ),
    Bad("not a duration", resource(limits={"sessionDuration": "30 minutes"}), "spec.limits.sessionDuration", ""),
    Bad(
        "session too short",
        resource(limits={"sessionDuration": "5s"}),
        "spec.limits.sessionDuration",
        "sessionDuration must be between 10s and 24h",
    ),
    Bad(
        "idle too short",
        resource(limits={"idleTimeout": "1s"}),
        "spec.limits.idleTimeout",
        "idleTimeout must be at least 5s",
    ),
    Bad(
        "more sessions than connections",
        resource(limits={"sessionsPerPod": 200, "connectionsPerPod": 100}),
        "spec.limits.connectionsPerPod",
        "connectionsPerPod must be at least sessionsPerPod",
    ),
    Bad(
        "updates that cut sessions",
        resource(rollout={"drainTimeout": "5m"}),
        "spec.rollout.drainTimeout",
        "must be at least limits.sessionDuration",
    ),
    Bad(
        "no time to start",
        resource(rollout={"progressDeadline": "1s"}),
        "spec.rollout.progressDeadline",
        "progressDeadline must be between 30s and 24h",
    ),
    Bad(
        "drain too short",
        resource(rollout={"drainTimeout": "1s"}, limits={"sessionDuration": "10s"}),
        "spec.rollout.drainTimeout",
        "drainTimeout must be between 10s and 24h",
    ),
    Bad(
        "a canary of nobody",
        resource(rollout={"canary": {"weightPercent": 0}}),
        "spec.rollout.canary.weightPercent",
        "greater than or equal to 1",
    ),
    Bad("too many replicas", resource(replicas=2000), "spec.replicas", "less than or equal to 1000"),
    Bad(
        "HPA without a maximum",
        resource(scaling={"type": "HPA"}),
        "spec.scaling.maxReplicas",
        "maxReplicas is required for types HPA and KEDA",
    ),
    Bad(
        "HPA upside down",
        resource(scaling={"type": "HPA", "minReplicas": 5, "maxReplicas": 2}),
        "spec.scaling.minReplicas",
        "minReplicas must not be greater than maxReplicas",
    ),
    Bad(
        "autoscaling without HPA",
        resource(scaling={"maxReplicas": 5}),
        "spec.scaling",
        "are for types HPA and KEDA; type Fixed takes spec.replicas",
    ),
    Bad(
        "KEDA without a Prometheus",
        resource(scaling={"type": "KEDA", "maxReplicas": 5, "targetSessionsPerPod": 10}),
        "spec.scaling",
        "type KEDA needs targetSessionsPerPod, and prometheus",
    ),
    Bad(
        "KEDA without a target",
        resource(scaling={"type": "KEDA", "maxReplicas": 5, "prometheus": {"serverAddress": "http://prometheus"}}),
        "spec.scaling",
        "type KEDA needs targetSessionsPerPod, and prometheus",
    ),
    Bad(
        "a Prometheus for an HPA",
        resource(scaling={"type": "HPA", "maxReplicas": 5, "prometheus": {"serverAddress": "http://prometheus"}}),
        "spec.scaling.prometheus",
        "prometheus is for type KEDA",
    ),
    Bad(
        "a Prometheus with a password in its address",
        resource(
            scaling={
                "type": "KEDA",
                "maxReplicas": 5,
                "targetSessionsPerPod": 10,
                "prometheus": {"serverAddress": "http://user:password@prometheus"},
            }
        ),
        "spec.scaling.prometheus.serverAddress",
        "without user, query or fragment",
    ),
    Bad(
        "a target that only full pods pass",
        resource(
            scaling={"type": "HPA", "maxReplicas": 5, "targetSessionsPerPod": 46}, limits={"sessionsPerPod": 50}
        ),
        "spec.scaling.targetSessionsPerPod",
        "at most nine tenths of limits.sessionsPerPod",
    ),
    Bad(
        "window too long",
        resource(scaling={"type": "HPA", "maxReplicas": 5, "scaleDownWindow": "2h"}),
        "spec.scaling.scaleDownWindow",
        "scaleDownWindow must be at most 1h",
    ),
    Bad(
        "the operator's labels",
        resource(pod={"labels": {"parley.dev/name": "other"}}),
        "spec.pod.labels",
        "are written by the operator",
    ),
    Bad(
        "the operator's annotations",
        resource(pod={"annotations": {"parley.dev/credentials": "x"}}),
        "spec.pod.annotations",
        "are written by the operator",
    ),
    Bad(
        "more asked than allowed",
        resource(pod={"resources": {"requests": {"cpu": 3}, "limits": {"cpu": "2500m"}}}),
        "spec.pod.resources.requests",
        "requests must not be greater than limits",
    ),
    Bad(
        "not a quantity",
        resource(pod={"resources": {"requests": {"cpu": "two"}}}),
        "spec.pod.resources.requests.cpu",
        "",
    ),
    Bad(
        "a reserved variable",
        resource(pod={"env": [{"name": "LD_PRELOAD", "value": "x.so"}]}),
        "spec.pod.env[0].name",
        "names that begin with PARLEY_, LD_ or PYTHON are reserved",
    ),
    Bad(
        "a variable of two minds",
        resource(pod={"env": [{"name": "A", "value": "x", "valueFrom": secret("a", "b")}]}),
        "spec.pod.env[0]",
        "set exactly one of value and valueFrom",
    ),
    Bad(
        "a variable from nowhere",
        resource(pod={"env": [{"name": "A", "valueFrom": {}}]}),
        "spec.pod.env[0].valueFrom",
        "set exactly one of secretKeyRef and configMapKeyRef",
    ),
    Bad(
        "a variable twice",
        resource(pod={"env": [{"name": "A", "value": "1"}, {"name": "A", "value": "2"}]}),
        "spec.pod.env[1]",
        "",
    ),
    Bad(
        "a proxy twice",
        resource(pod={**PROXIED_POD, "env": [{"name": "https_proxy", "value": "http://other.example.com"}]}),
        "spec.pod.env",
        "with proxy, the variables HTTP_PROXY, HTTPS_PROXY, ALL_PROXY, NO_PROXY are the operator's",
    ),
    Bad(
        "trust twice",
        resource(pod={**PROXIED_POD, "env": [{"name": "SSL_CERT_FILE", "value": "/tmp/ca.crt"}]}),
        "spec.pod.env",
        "with trustBundle, the variables SSL_CERT_FILE, SSL_CERT_DIR are the operator's",
    ),
    Bad(
        "a proxy of nothing",
        resource(pod={"proxy": {"noProxy": ["example.com"]}}),
        "spec.pod.proxy",
        "set httpsProxy, or httpProxy, or both",
    ),
    Bad(
        "a proxy with a password",
        resource(pod={"proxy": {"httpsProxy": "http://me:secret@proxy.example.com:3128"}}),
        "spec.pod.proxy.httpsProxy",
        "",
    ),
    Bad(
        "a network without a proxy",
        resource(pod={"proxy": {"httpsProxy": "http://p.example.com", "noProxy": ["10.0.0.0/8"]}}),
        "spec.pod.proxy.noProxy[0]",
        "",
    ),
    Bad(
        "a trust bundle from nowhere",
        resource(pod={"trustBundle": {}}),
        "spec.pod.trustBundle",
        "set exactly one of configMapKeyRef and secretKeyRef",
    ),
    Bad("a release with a v", resource(version="v0.1"), "spec.version", ""),
    Bad(
        "not a language",
        resource(agent={"instructions": "x", "language": "english please"}),
        "spec.agent.language",
        "",
    ),
]
