"""`spec.observability`: what the gateway tells those who run it."""

from __future__ import annotations

from tests.operator.fields.row import ABSENT, MADE, OTHER, Row, below, table
from tests.operator.fields.shared import alerts_of, secret_rows
from tests.unit.operator.examples import MINIMAL, secret

TRACES = {
    "endpoint": "http://collector.example.com:4318/v1/traces",
    "headers": [{"name": "X-Key", "valueFrom": secret("otel", "key")}],
}

GATEWAY = below(
    "spec.observability",
    table(
        Row("logLevel", "Debug", {"agent log_level": "Debug"}),
        Row("maxTenants", 20, {"config observability.max_tenants": 20}),
        Row("sla.firstToken", "700ms", {"config observability.sla.first_token": 0.7}),
        Row("sla.partialTranscript", "700ms", {"config observability.sla.partial_transcript": 0.7}),
        Row("sla.bargeIn", "700ms", {"config observability.sla.barge_in": 0.7}),
        Row(
            "sla.synthesis",
            "700ms",
            {
                "PrometheusRule spec.groups[voice].rules[VoiceSynthesisSlow].expr": OTHER,
                "config observability.sla.synthesis": 0.7,
            },
        ),
        Row("sla.firstAudio", "700ms", {"config observability.sla.first_audio": 0.7}),
        Row(
            "profiling",
            "Enabled",
            {
                "config observability.profiles": "/var/lib/parley/profiles",
                "pod spec.containers[gateway].volumeMounts[profiles]": {
                    "name": "profiles",
                    "mountPath": "/var/lib/parley/profiles",
                },
                "pod spec.volumes[profiles]": {"name": "profiles", "emptyDir": {"sizeLimit": "256Mi"}},
            },
        ),
    ),
)

OBJECTS = below(
    "spec.observability",
    table(
        Row("monitor.type", "ServiceMonitor", {"PodMonitor": ABSENT, "ServiceMonitor": MADE}),
        Row("monitor.labels", {"release": "kps"}, {"PodMonitor metadata.labels.release": "kps"}),
        Row("alerts.mode", "Disabled", {"PrometheusRule": ABSENT}),
        Row("alerts.labels", {"release": "kps"}, {"PrometheusRule metadata.labels.release": "kps"}),
        Row(
            "alerts.runbookURL",
            "https://wiki.example.com/#{alert}",
            {
                f"PrometheusRule spec.groups[voice].rules[{alert}].annotations.runbook_url": MADE
                for alert in alerts_of(MINIMAL)
            },
        ),
        Row("dashboard.mode", "Disabled", {"ConfigMap/dashboard": ABSENT}),
        Row("dashboard.labels", {"folder": "voice"}, {"ConfigMap/dashboard metadata.labels.folder": "voice"}),
    ),
)

TRACING = below(
    "spec.observability.traces",
    table(
        Row(
            "endpoint",
            "http://other.example.com:4318/v1/traces",
            {"config observability.traces.endpoint": "http://other.example.com:4318/v1/traces"},
        ),
        Row(
            "headers[].name",
            "X-Other",
            {
                "config observability.traces.header_files.X-Key": ABSENT,
                "config observability.traces.header_files.X-Other": "/etc/parley/secrets/otel_key",
            },
        ),
        *secret_rows(
            "headers[].valueFrom", "config observability.traces.header_files.X-Key", name="otel", key="key"
        ),
        Row("sampleRatio", "0.1", {"config observability.traces.sample_ratio": 0.1}),
        observability={"traces": TRACES},
    ),
)

ROWS = GATEWAY + OBJECTS + TRACING
