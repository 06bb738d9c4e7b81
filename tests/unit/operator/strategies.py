"""Hypothesis strategies for VoiceDeployments: any valid spec, as a document."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

LABELS = st.from_regex(r"[a-z]([-a-z0-9]{0,10}[a-z0-9])?", fullmatch=True)
NAMES = st.from_regex(r"[a-z0-9]([-a-z0-9.]{0,60}[a-z0-9])?", fullmatch=True).filter(
    lambda name: all(part and part[0] != "-" and part[-1] != "-" for part in name.split("."))
)
HOSTS = st.lists(LABELS, min_size=2, max_size=4).map(".".join)
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=200)
KEYS = st.from_regex(r"[-._a-zA-Z0-9]{1,20}", fullmatch=True).filter(lambda key: key not in (".", ".."))
KEY_REFS = st.fixed_dictionaries({"name": NAMES, "key": KEYS})
SECRETS = KEY_REFS.map(lambda ref: {"secretKeyRef": ref})
CONFIG_MAPS = KEY_REFS.map(lambda ref: {"configMapKeyRef": ref})
API_KEYS = st.lists(SECRETS, min_size=1, max_size=4)
LABEL_MAPS = st.dictionaries(LABELS, LABELS, max_size=3)


def seconds(low: int, high: int) -> st.SearchStrategy[str]:
    return st.integers(low, high).map(lambda number: f"{number}s")


def optional(required: dict[str, Any] | None = None, **fields: Any) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(required or {}, optional=fields)


EMBEDDED = st.just({"provider": "Embedded"})
BASE_URLS = HOSTS.map(lambda host: f"https://{host}/v1")

AGENTS = st.one_of(
    optional({"instructions": TEXT}, greeting=TEXT, language=st.sampled_from(["en", "de-CH", "pt-BR"])),
    optional({"instructionsFrom": st.one_of(SECRETS, CONFIG_MAPS)}, greeting=TEXT),
)
STT = st.one_of(
    EMBEDDED,
    optional(
        {"provider": st.just("Deepgram"), "apiKeys": API_KEYS},
        model=LABELS,
        baseURL=BASE_URLS,
        deepgram=optional(
            keyterms=st.lists(LABELS, max_size=3), endpointing=seconds(1, 5), utteranceEnd=seconds(1, 5)
        ),
    ),
)
LLM = st.one_of(
    EMBEDDED,
    optional(
        {"provider": st.sampled_from(["Anthropic", "OpenAI"]), "apiKeys": API_KEYS, "model": LABELS},
        baseURL=BASE_URLS,
        maxTokens=st.integers(1, 64_000),
        temperature=st.sampled_from(["0", "0.5", "1"]),
    ),
)
TTS = st.one_of(
    optional(
        {"provider": st.just("Embedded")}, embedded=optional(wordsPerMinute=st.integers(80, 400)), voice=LABELS
    ),
    optional(
        {"provider": st.just("OpenAI"), "apiKeys": API_KEYS, "model": LABELS},
        voice=LABELS,
        openAI=optional(instructions=TEXT),
    ),
)
ISSUERS = optional({"name": NAMES}, kind=st.sampled_from(["Issuer", "ClusterIssuer"]))
CERT_MANAGERS = optional({"issuerRef": ISSUERS}, duration=seconds(7_200, 90_000), renewBefore=seconds(300, 7_199))
TLS: st.SearchStrategy[Any] = st.one_of(
    st.just({"selfSigned": {}}),
    NAMES.map(lambda name: {"secretRef": {"name": name}}),
    CERT_MANAGERS.map(lambda wanted: {"certManager": wanted}),
)
PROTOCOLS = st.lists(LABELS.map(lambda path: f"/v1/{path}"), min_size=1, max_size=3, unique=True).map(
    lambda paths: [{"name": "Native", "paths": paths}]
)
CONNECTIONS = optional(idleTimeout=seconds(30, 3600), maxDuration=seconds(86_400, 90_000))
ENDPOINTS = st.one_of(
    optional(protocols=PROTOCOLS, connection=CONNECTIONS),
    optional(
        {
            "hosts": st.lists(HOSTS, min_size=1, max_size=3, unique=True),
            "ingress": optional(tls=TLS, className=LABELS, annotations=LABEL_MAPS),
        },
        protocols=PROTOCOLS,
        connection=CONNECTIONS,
    ),
)
AUTHS: st.SearchStrategy[Any] = st.one_of(
    st.just({"anonymous": {}}), st.lists(SECRETS, min_size=1, max_size=3).map(lambda tokens: {"tokens": tokens})
)
LIMITS = optional(
    sessionDuration=seconds(10, 1_800),
    idleTimeout=seconds(5, 600),
    sessionsPerPod=st.integers(10, 1000),
    connectionsPerPod=st.integers(1000, 100_000),
)
SCALINGS = st.one_of(
    st.just({"type": "Fixed"}),
    optional(
        {"type": st.just("HPA"), "maxReplicas": st.integers(10, 1000)},
        minReplicas=st.integers(1, 10),
        targetSessionsPerPod=st.integers(1, 9),
        targetCPUPercent=st.integers(10, 100),
        scaleDownWindow=seconds(0, 3600),
    ),
    optional(
        {
            "type": st.just("KEDA"),
            "maxReplicas": st.integers(10, 1000),
            "targetSessionsPerPod": st.integers(1, 9),
            "prometheus": st.just({"serverAddress": "http://prometheus:9090"}),
        },
        minReplicas=st.integers(1, 10),
        targetCPUPercent=st.integers(10, 100),
        scaleDownWindow=seconds(0, 3600),
    ),
)
CPU = st.one_of(st.integers(1, 64), st.integers(1, 64_000).map(lambda milli: f"{milli}m"))
MEMORY = st.one_of(
    st.integers(1, 9999).map(lambda amount: f"{amount}Mi"), st.sampled_from(["0.5Gi", "1.5Gi", "2G"])
)
AMOUNTS = optional(cpu=CPU, memory=MEMORY)
VARIABLE_NAMES = st.from_regex(r"[A-Z][A-Z_]{0,8}", fullmatch=True).filter(
    lambda name: not name.startswith(("PARLEY_", "LD_", "PYTHON", "SSL_")) and not name.endswith("_PROXY")
)
ENVIRONMENTS = st.lists(
    st.one_of(
        st.fixed_dictionaries({"name": VARIABLE_NAMES, "value": TEXT}),
        st.fixed_dictionaries({"name": VARIABLE_NAMES, "valueFrom": st.one_of(SECRETS, CONFIG_MAPS)}),
    ),
    max_size=4,
    unique_by=lambda variable: str(variable["name"]),
)
PROXIES = optional(
    {"httpsProxy": HOSTS.map(lambda host: f"http://{host}:3128")},
    httpProxy=HOSTS.map(lambda host: f"http://{host}"),
    noProxy=st.lists(HOSTS.map(lambda host: f".{host}"), max_size=2),
)
PODS = optional(
    labels=LABEL_MAPS,
    annotations=LABEL_MAPS,
    serviceAccountAnnotations=LABEL_MAPS,
    imagePullSecrets=st.lists(NAMES, max_size=2, unique=True).map(
        lambda names: [{"name": name} for name in names]
    ),
    nodeSelector=LABEL_MAPS,
    tolerations=st.lists(optional(key=LABELS, operator=st.just("Exists")), max_size=2),
    affinity=st.just({"podAntiAffinity": {}}),
    topologySpreadConstraints=st.just(
        [{"maxSkew": 2, "topologyKey": "rack", "whenUnsatisfiable": "DoNotSchedule"}]
    ),
    resources=st.one_of(
        AMOUNTS.map(lambda amounts: {"requests": amounts}), AMOUNTS.map(lambda amounts: {"limits": amounts})
    ),
    env=ENVIRONMENTS,
    proxy=PROXIES,
    priorityClassName=NAMES,
    runtimeClassName=NAMES,
    trustBundle=st.one_of(CONFIG_MAPS, SECRETS),
)
SELECTORS = optional(matchLabels=LABEL_MAPS)
NETWORKS = st.sampled_from(["10.0.0.0/8", "192.168.1.7/32", "fd00::/8"]).map(lambda cidr: {"cidr": cidr})
PEERS = st.one_of(
    NETWORKS.map(lambda block: {"ipBlock": block}),
    optional({"podSelector": SELECTORS}, namespaceSelector=SELECTORS),
)
PORTS = st.lists(st.integers(1, 65_535).map(lambda port: {"port": port}), min_size=1, max_size=2)
NETWORK_POLICIES = optional(
    mode=st.sampled_from(["Enabled", "Disabled"]),
    ingressFrom=st.lists(PEERS, max_size=2),
    additionalEgress=st.lists(optional({"ports": PORTS}, to=st.lists(PEERS, min_size=1, max_size=2)), max_size=2),
)
SPECS = optional(
    {"agent": AGENTS, "pipeline": st.fixed_dictionaries({"stt": STT, "llm": LLM, "tts": TTS})},
    version=st.sampled_from(["0.1", "0.1.3", "1.0-rc1"]),
    suspend=st.booleans(),
    replicas=st.integers(0, 1000),
    endpoint=ENDPOINTS,
    auth=AUTHS,
    limits=LIMITS,
    scaling=SCALINGS,
    rollout=optional(
        drainTimeout=seconds(1_800, 86_400),
        progressDeadline=seconds(30, 3_600),
        onFailure=st.sampled_from(["Hold", "Rollback"]),
        revisionHistoryLimit=st.integers(1, 100),
        canary=st.integers(1, 100).map(lambda percent: {"weightPercent": percent}),
    ),
    networkPolicy=NETWORK_POLICIES,
    pod=PODS,
)
DOCUMENTS = st.builds(
    lambda name, spec: {
        "apiVersion": "parley.dev/v1alpha1",
        "kind": "VoiceDeployment",
        "metadata": {"name": name, "namespace": "default", "uid": "7d8f"},
        "spec": spec,
    },
    NAMES,
    SPECS,
)
