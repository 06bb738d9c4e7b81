"""KEDA and Prometheus, for tests of who scales on what: built only where these are run.

Both are pared down: what only clouds, queues and databases need is left out, two packages of three.
"""

from __future__ import annotations

from localcluster.versions import KEDA_MODULE, GoBuild, GoModule, Trim

PROMETHEUS_MODULE = GoModule(
    "github.com/prometheus/prometheus", "v0.315.0", "h1:sFGZWmC2Hk9N1NBJGCnXYZb5hyLCq8yuAMoEjLAg6ac="
)
SIGV4_MODULE = GoModule("github.com/prometheus/sigv4", "v0.5.0", "h1:WWZDeiCPFTBJIniIa+pv3edYtPHtZxDAa5w5Tmp+UuQ=")
PREDICTKUBE_MODULE = GoModule(
    "github.com/dysnix/predictkube-libs", "v0.1.0", "h1:eXixI2GKp3Lr7sv3YOvfAn43N7fqsh8qF/bptgXuQxA="
)
KEDA_KUBERNETES = "v0.36.4"

_REPLACED = tuple(
    f"k8s.io/{module} => k8s.io/{module} {KEDA_KUBERNETES}" for module in ("api", "apimachinery", "client-go")
)
"""KEDA's choice for both, which the other modules of Kubernetes that it needs must have."""
_TRIMS = (
    Trim(
        KEDA_MODULE,
        source="lean-keda",
        left_out=(
            *("pkg/scalers/*_scaler.go", "pkg/scalers/aws", "pkg/scalers/azure", "pkg/scalers/gcp"),
            *("pkg/scaling/resolver/*_handler.go", "pkg/eventemitter/*_handler.go", "pkg/util/ginkgo_reporter.go"),
        ),
        kept=("pkg/scalers/cpu_memory_scaler.go", "pkg/scalers/prometheus_scaler.go"),
    ),
    Trim(
        PROMETHEUS_MODULE,
        source="lean-prometheus",
        left_out=(
            *("plugins/plugin_*.go", "storage/remote/azuread", "storage/remote/googleiam"),
            "storage/remote/write_otlp_handler.go",
        ),
        kept=("plugins/plugin_kubernetes.go",),
    ),
    Trim(SIGV4_MODULE, source="lean-sigv4", left_out=("*.go",)),
    Trim(PREDICTKUBE_MODULE, source="lean-predictkube", left_out=("external",)),
)

KEDA = GoBuild(
    name="keda",
    modules=(KEDA_MODULE, PROMETHEUS_MODULE),
    commands=("cmd/operator", "cmd/adapter"),
    replace=_REPLACED,
    version_symbol="github.com/kedacore/keda/v2/version.Version",
    renames=(("operator", "keda"), ("adapter", "keda-adapter")),
    assets=("config",),
    trims=_TRIMS,
)
PROMETHEUS = GoBuild(
    name="prometheus",
    modules=(PROMETHEUS_MODULE, KEDA_MODULE),
    commands=("cmd/prometheus",),
    replace=_REPLACED,
    trims=_TRIMS,
)
"""The same two modules, so that one selection of dependencies and their compiled packages serve both builds."""
