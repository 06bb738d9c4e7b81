"""`spec.endpoint`: how clients reach the service."""

from __future__ import annotations

from tests.operator.fields.row import ABSENT, MADE, OTHER, Row, below, table
from tests.operator.fields.shared import secret_rows
from tests.unit.operator.examples import secret
from tests.unit.operator.facts import INGRESS_NGINX, TRAEFIK

HOSTS = {"hosts": ["voice.example.com"]}
TWILIO = {"name": "Twilio", "paths": ["/calls"], "twilio": {"authToken": secret("twilio", "token")}}
GATEWAY = {"parentRefs": [{"namespace": "infra", "name": "main"}]}

PROTOCOLS = below(
    "spec.endpoint.protocols[]",
    table(
        Row(
            "name",
            "Native",
            {
                "config protocols[Native]": {"name": "Native", "paths": ["/calls"]},
                "config protocols[Twilio]": ABSENT,
                "secrets twilio": ABSENT,
            },
            also={"twilio": ABSENT},
        ),
        Row("paths", ["/phone"], {"config protocols[Twilio].paths[0]": "/phone"}),
        *secret_rows("twilio.authToken", "config protocols[Twilio].auth_token_file", name="twilio", key="token"),
        Row(
            "twilio.publicURL",
            "https://voice.example.com",
            {"config protocols[Twilio].public_url": "https://voice.example.com"},
        ),
        endpoint={"protocols": [TWILIO]},
    ),
)

PATHS = below(
    "spec.endpoint",
    table(
        Row("healthPaths", ["/api/voice/health"], {"config observability.aliases.health": ["/api/voice/health"]}),
        Row("allowedOrigins", ["https://example.com"], {"config auth.allowed_origins": ["https://example.com"]}),
        endpoint={"protocols": [{"name": "Native"}]},
    ),
)

INGRESS = below(
    "spec.endpoint",
    table(
        Row(
            "hosts",
            ["calls.example.com"],
            {
                "Ingress spec.rules[0].host": "calls.example.com",
                "Ingress spec.tls[0].hosts[0]": "calls.example.com",
            },
            ingress_class=INGRESS_NGINX,
        ),
        Row("ingress.className", "other", {"Ingress spec.ingressClassName": "other"}, ingress_class=INGRESS_NGINX),
        Row(
            "ingress.annotations",
            {"example.com/team": "bakery"},
            {"Ingress metadata.annotations.example.com/team": "bakery"},
            ingress_class=INGRESS_NGINX,
        ),
        Row(
            "ingress.tls.secretRef.name",
            "other",
            {"Ingress spec.tls[0].secretName": "other"},
            ingress_class=INGRESS_NGINX,
        ),
        Row(
            "ingress.tls.selfSigned",
            {},
            {"Ingress spec.tls[0].secretName": OTHER, "Secret/ca": MADE, "Secret/tls": MADE},
            also={"ingress.tls.secretRef": ABSENT},
            ingress_class=INGRESS_NGINX,
        ),
        Row(
            "connection.idleTimeout",
            "10m",
            {
                "Ingress metadata.annotations.nginx.ingress.kubernetes.io/proxy-read-timeout": "600",
                "Ingress metadata.annotations.nginx.ingress.kubernetes.io/proxy-send-timeout": "600",
            },
            ingress_class=INGRESS_NGINX,
        ),
        Row(
            "connection.maxDuration",
            "3h",
            tests=(
                "tests/operator/test_fields.py::test_o03_what_the_controller_takes_from_its_own_settings_is_said",
            ),
        ),
        Row(
            "controllerAdvice",
            "Acknowledged",
            tests=(
                "tests/operator/test_fields.py::test_o03_what_the_controller_takes_from_its_own_settings_is_said",
            ),
        ),
        Row(
            "rateLimit.perClientIP.connectionsPerSecond",
            9,
            {"Ingress metadata.annotations.nginx.ingress.kubernetes.io/limit-rps": "9"},
            given={
                "endpoint": {**HOSTS, "ingress": {}, "rateLimit": {"perClientIP": {"connectionsPerSecond": 5}}}
            },
            ingress_class=INGRESS_NGINX,
        ),
        Row(
            "rateLimit.perClientIP.burst",
            9,
            {"Ingress metadata.annotations.nginx.ingress.kubernetes.io/limit-burst-multiplier": "2"},
            given={
                "endpoint": {**HOSTS, "ingress": {}, "rateLimit": {"perClientIP": {"connectionsPerSecond": 5}}}
            },
            ingress_class=INGRESS_NGINX,
        ),
        Row(
            "hsts",
            "Disabled",
            {
                "Ingress metadata.annotations.traefik.ingress.kubernetes.io/router.middlewares": ABSENT,
                "Middleware/hsts": ABSENT,
            },
            ingress_class=TRAEFIK,
        ),
        endpoint={**HOSTS, "ingress": {"className": "nginx", "tls": {"secretRef": {"name": "tls"}}}},
    ),
)

CERTIFICATES = below(
    "spec.endpoint.ingress.tls.certManager",
    table(
        Row(
            "issuerRef.group",
            "awspca.cert-manager.io",
            {"Certificate spec.issuerRef.group": "awspca.cert-manager.io"},
        ),
        Row("issuerRef.kind", "Issuer", {"Certificate spec.issuerRef.kind": "Issuer"}),
        Row("issuerRef.name", "other", {"Certificate spec.issuerRef.name": "other"}),
        Row("duration", "3000h", {"Certificate spec.duration": "3000h"}),
        Row("renewBefore", "1000h", {"Certificate spec.renewBefore": "1000h"}),
        endpoint={
            **HOSTS,
            "ingress": {"tls": {"certManager": {"issuerRef": {"kind": "ClusterIssuer", "name": "ours"}}}},
        },
    ),
)

GATEWAYS = below(
    "spec.endpoint.gateway.parentRefs[]",
    table(
        Row(
            "group",
            "gateway.networking.x-k8s.io",
            {"HTTPRoute spec.parentRefs[main].group": "gateway.networking.x-k8s.io"},
        ),
        Row("kind", "XListenerSet", {"HTTPRoute spec.parentRefs[main].kind": "XListenerSet"}),
        Row("namespace", "other", {"HTTPRoute spec.parentRefs[main].namespace": "other"}),
        Row(
            "name", "other", {"HTTPRoute spec.parentRefs[main]": ABSENT, "HTTPRoute spec.parentRefs[other]": MADE}
        ),
        Row("sectionName", "https", {"HTTPRoute spec.parentRefs[main].sectionName": "https"}),
        Row("port", 443, {"HTTPRoute spec.parentRefs[main].port": 443}),
        endpoint={**HOSTS, "gateway": GATEWAY},
    ),
)

ROWS = PROTOCOLS + PATHS + INGRESS + CERTIFICATES + GATEWAYS
