"""What the cluster is made of: one table entry per build, pinned by version and checksum.

To add a part, add an entry here and, if it runs, a file under `components/`.
"""

from __future__ import annotations

from dataclasses import dataclass

GO_MINIMUM = "1.26.6"
"""The highest `go` line among the modules below (containerd's)."""

KUBERNETES = "v1.36.3"
KUBERNETES_STAGING = "v0.36.3"
STAGING_MODULES = (
    "api",
    "apiextensions-apiserver",
    "apimachinery",
    "apiserver",
    "cli-runtime",
    "client-go",
    "cloud-provider",
    "cluster-bootstrap",
    "code-generator",
    "component-base",
    "component-helpers",
    "controller-manager",
    "cri-api",
    "cri-client",
    "cri-streaming",
    "csi-translation-lib",
    "dynamic-resource-allocation",
    "endpointslice",
    "externaljwt",
    "kms",
    "kube-aggregator",
    "kube-controller-manager",
    "kube-proxy",
    "kube-scheduler",
    "kubectl",
    "kubelet",
    "metrics",
    "mount-utils",
    "pod-security-admission",
    "sample-apiserver",
    "sample-cli-plugin",
    "sample-controller",
    "streaming",
)
"""What the go.mod of k8s.io/kubernetes replaces by folders of its own repository."""


@dataclass(frozen=True)
class GoModule:
    """A module at one version; the checksum is its h1 hash as go.sum has it.

    A proxy that serves anything else is refused.
    """

    path: str
    version: str
    checksum: str


@dataclass(frozen=True)
class Trim:
    """What of a dependency is replaced by our own files, which lie at the same paths below `sources/SOURCE`.

    They must offer what its importers use; what they leave out need not be fetched nor compiled.

    - `left_out`: patterns of paths below the module, of folders and of files.
    - `kept`: files that stay although a pattern has them.
    """

    module: GoModule
    source: str
    left_out: tuple[str, ...]
    kept: tuple[str, ...] = ()


@dataclass(frozen=True)
class GoBuild:
    """Commands of Go modules at one version each.

    - `commands`: folders below the first module; none if the program is our own, which imports
      the module and lies in `sources/NAME`.
    - `replace`: `old => new version` lines. A module's own replacements do not apply where it
      is a dependency, so those it needs are repeated here.
    - `renames`: better names for commands than Go gives them.
    - `assets`: files and folders of the first module that are wanted beside the commands, or alone.
    """

    name: str
    modules: tuple[GoModule, ...]
    commands: tuple[str, ...] = ()
    replace: tuple[str, ...] = ()
    version_symbol: str = ""
    renames: tuple[tuple[str, str], ...] = ()
    assets: tuple[str, ...] = ()
    trims: tuple[Trim, ...] = ()

    @property
    def version(self) -> str:
        """The first module's version, or that of our own program."""
        return self.modules[0].version if self.modules else "own"

    @property
    def is_files_only(self) -> bool:
        """Whether nothing is compiled: the assets are all that is wanted."""
        return bool(self.assets) and not self.commands

    @property
    def packages(self) -> tuple[str, ...]:
        """Import paths of the commands."""
        if not self.commands:
            return (".",)
        return tuple(f"{self.modules[0].path}/{command}".rstrip("/") for command in self.commands)


KUBERNETES_MODULE = GoModule("k8s.io/kubernetes", KUBERNETES, "h1:qDQdoMiluAE2Eab6Fa52YV+WjiGz9mZFFoagEA6cI+o=")
METRICS_SERVER_MODULE = GoModule(
    "sigs.k8s.io/metrics-server", "v0.9.0", "h1:nlqqZ2H0Xfko8eJC/1qaNVVT17hu4rxndkOi22KTZ4w="
)
HELM_MODULE = GoModule("helm.sh/helm/v4", "v4.3.1", "h1:UndCoLe9UPmNoL7IvWzaUXveL7T5t/ijoorEmgJdI9g=")
COREDNS_MODULE = GoModule(
    "github.com/coredns/coredns", "v1.15.0", "h1:OBT+OEyHVdUiVxPhrNlC5XZVq3RkSxzQXfZQ76gm5ck="
)
KWOK_MODULE = GoModule("sigs.k8s.io/kwok", "v0.8.0", "h1:OTIOTwgROqPMovcTwxICx2eYQ4AwLpSx5EpjbDKF4SQ=")
TRAEFIK_MODULE = GoModule(
    "github.com/traefik/traefik/v3", "v3.5.4", "h1:j6nCRMJ0tms8JnbDP//3gB1sb6defwbPdoZWq50weWg="
)
LEGO_MODULE = GoModule("github.com/go-acme/lego/v4", "v4.27.0", "h1:cIhWd7Uj4BNFLEF3IpwuMkukVVRs5qjlp4KdUGa75yU=")


def _kubernetes(name: str, *commands: str, first: GoModule = KUBERNETES_MODULE) -> GoBuild:
    """A build of the same two modules in the same versions as all of these.

    So they share one selection of dependencies, and thereby the compiled packages: it saves
    metrics-server a hundred seconds.
    """
    second = METRICS_SERVER_MODULE if first is KUBERNETES_MODULE else KUBERNETES_MODULE
    return GoBuild(
        name=name,
        modules=(first, second),
        commands=commands,
        replace=tuple(f"k8s.io/{module} => k8s.io/{module} {KUBERNETES_STAGING}" for module in STAGING_MODULES),
        version_symbol="k8s.io/component-base/version.gitVersion",
    )


ETCD = GoBuild(
    name="etcd",
    modules=(GoModule("go.etcd.io/etcd/server/v3", "v3.7.3", "h1:KcTZ/aEZrOiQe0/kdr7iYYcvyfbEoOwDOacHkz8xwZc="),),
    commands=("",),
    replace=tuple(
        f"go.etcd.io/etcd/{module} => go.etcd.io/etcd/{module} v3.7.3"
        for module in ("api/v3", "client/pkg/v3", "client/v3", "pkg/v3")
    ),
    renames=(("server", "etcd"),),
)
KUBE_APISERVER = _kubernetes("kube-apiserver", "cmd/kube-apiserver")
KUBECTL = _kubernetes("kubectl", "cmd/kubectl")
KUBE_CONTROL = _kubernetes("kube-control", "cmd/kube-controller-manager", "cmd/kube-scheduler")
KUBE_NODE = _kubernetes("kube-node", "cmd/kubelet", "cmd/kube-proxy")
METRICS_SERVER = _kubernetes("metrics-server", "cmd/metrics-server", first=METRICS_SERVER_MODULE)
KWOK = GoBuild(name="kwok", modules=(KWOK_MODULE,), commands=("cmd/kwok",))
"""Plays nodes and pods where there are to be more of them than the machine could run."""
KWOK_STAGES = GoBuild(
    name="kwok-stages",
    modules=(KWOK_MODULE,),
    assets=(
        "kustomize/stage/node/fast/node-initialize.yaml",
        "kustomize/stage/pod/fast/pod-ready.yaml",
        "kustomize/stage/pod/fast/pod-delete.yaml",
    ),
)
"""How it plays them: a node that is there is ready, a pod that is on a node is ready, one that is deleted goes."""
CONTAINERD = GoBuild(
    name="containerd",
    modules=(
        GoModule(
            "github.com/containerd/containerd/v2", "v2.4.2", "h1:p6Qg+xbEz8lvwdhHDx0U469xENvp4LgGBx+E7djXkGw="
        ),
    ),
    commands=("cmd/containerd", "cmd/containerd-shim-runc-v2", "cmd/ctr"),
    version_symbol="github.com/containerd/containerd/v2/version.Version",
)
CNI = GoBuild(
    name="cni",
    modules=(
        GoModule(
            "github.com/containernetworking/plugins", "v1.9.1", "h1:8oU6WsIsU3bpnNZuvHp74a6cE1MJwbj2P7s4/yTUNlA="
        ),
    ),
    commands=("plugins/main/bridge", "plugins/main/loopback", "plugins/ipam/host-local", "plugins/meta/portmap"),
)
PAUSE = GoBuild(name="pause", modules=())
TRAEFIK = GoBuild(
    name="traefik",
    modules=(TRAEFIK_MODULE,),
    commands=("cmd/traefik",),
    replace=(
        "github.com/abbot/go-http-auth => github.com/containous/go-http-auth v0.4.1-0.20200324110947-a37a7636d23e",
        "github.com/gorilla/mux => github.com/containous/mux v0.0.0-20250523120546-41b6ec3aed59",
        "github.com/mailgun/minheap => github.com/containous/minheap v0.0.0-20190809180810-6e71eb837595",
    ),
    version_symbol="github.com/traefik/traefik/v3/pkg/version.Version",
    assets=("docs/content/reference/dynamic-configuration/kubernetes-crd-definition-v1.yml",),
    trims=(
        Trim(LEGO_MODULE, source="lego", left_out=("providers/dns",)),
        Trim(TRAEFIK_MODULE, source="traefik-ecs", left_out=("pkg/provider/ecs",)),
    ),
)
HELM = GoBuild(
    name="helm",
    modules=(HELM_MODULE, COREDNS_MODULE),
    commands=("cmd/helm",),
    version_symbol="helm.sh/helm/v4/internal/version.version",
)
COREDNS = GoBuild(name="coredns", modules=(COREDNS_MODULE, HELM_MODULE))
"""Ours, with few plugins; it shares helm's selection of dependencies and so its compiled packages."""

_MONITORING_CRDS = "example/prometheus-operator-crd/monitoring.coreos.com_{}.yaml"
PROMETHEUS_OPERATOR = GoBuild(
    name="prometheus-operator",
    modules=(
        GoModule(
            "github.com/prometheus-operator/prometheus-operator",
            "v0.85.0",
            "h1:M5xLCLEoaW2IJfnuCwFzzpL+jSVQu3KGT84Pye+fW8s=",
        ),
    ),
    assets=tuple(map(_MONITORING_CRDS.format, ("podmonitors", "prometheusrules", "servicemonitors"))),
)
"""Its resource definitions alone, for tests of what the operator makes where they are installed."""

_GATEWAY_CRDS = "config/crd/standard/gateway.networking.k8s.io_{}.yaml"
GATEWAY_API_CRDS = GoBuild(
    name="gateway-api-crds",
    modules=(GoModule("sigs.k8s.io/gateway-api", "v1.3.0", "h1:q6okN+/UKDATola4JY7zXzx40WO4VISk7i9DIfOvr9M="),),
    assets=tuple(
        map(_GATEWAY_CRDS.format, ("gatewayclasses", "gateways", "grpcroutes", "httproutes", "referencegrants"))
    ),
)
ENVOY_GATEWAY_CRDS = GoBuild(
    name="envoy-gateway-crds",
    modules=(
        GoModule("github.com/envoyproxy/gateway", "v1.9.1", "h1:vAVp6/AlBXJ1aOhp1mxL7fNEzVEfjADUguUhm2wzxQY="),
    ),
    assets=("charts/gateway-helm/charts/crds/crds/generated/gateway.envoyproxy.io_backendtrafficpolicies.yaml",),
)
ISTIO_CRDS = GoBuild(
    name="istio-crds",
    modules=(GoModule("istio.io/api", "v1.31.1", "h1:5Yb5ihcz4YQsCkciusK7DnFpBMwRB6EFWeUKH1Atuyk="),),
    assets=("kubernetes/customresourcedefinitions.gen.yaml",),
)
KONG_CRDS = GoBuild(
    name="kong-crds",
    modules=(
        GoModule(
            "github.com/kong/kubernetes-configuration", "v1.4.0", "h1:4uzZ23mXt4zg+PyQLwNBLY/xj5HaqzlEwwf8EfvK36M="
        ),
    ),
    assets=tuple(
        f"config/crd/ingress-controller/configuration.konghq.com_{plural}.yaml"
        for plural in ("kongplugins", "kongupstreampolicies")
    ),
)
KEDA_MODULE = GoModule("github.com/kedacore/keda/v2", "v2.21.0", "h1:R6z2HZvstK4RLUMxroNACzBj74xGxt3kG59b5Xc+Xps=")
KEDA_CRDS = GoBuild(
    name="keda-crds",
    modules=(KEDA_MODULE,),
    assets=tuple(
        f"config/crd/bases/keda.sh_{plural}.yaml"
        for plural in ("scaledobjects", "scaledjobs", "triggerauthentications", "clustertriggerauthentications")
    ),
)
CERT_MANAGER_CRDS = GoBuild(
    name="cert-manager-crds",
    modules=(
        GoModule(
            "github.com/cert-manager/cert-manager",
            "v1.21.2",
            "h1:UWgoYM+KLNtRlqmoWOKjKBOBUPVHeepQ6/ac3ERJW68=",
        ),
    ),
    assets=("deploy/crds/cert-manager.io_certificates.yaml",),
)
FLUX_CRDS = GoBuild(
    name="flux-crds",
    modules=(
        GoModule(
            "github.com/fluxcd/kustomize-controller", "v1.7.2", "h1:xmOWILtm9329M7MQCS/iCHXc2R+Xm9HjFSft9fh/PCA="
        ),
    ),
    assets=("config/crd/bases/kustomize.toolkit.fluxcd.io_kustomizations.yaml",),
)
TRAEFIK_CRDS = GoBuild(name="traefik-crds", modules=(TRAEFIK_MODULE,), assets=TRAEFIK.assets)

CONTROL_PLANE = (ETCD, KUBE_APISERVER, KUBECTL, KUBE_CONTROL)
"""What the control-plane profile runs, in the order in which it becomes useful."""

FULL = (
    *(KUBE_APISERVER, TRAEFIK, ETCD, KUBECTL, HELM, KUBE_CONTROL, KUBE_NODE),
    *(METRICS_SERVER, CONTAINERD, CNI, PAUSE, COREDNS, GATEWAY_API_CRDS),
)
"""Two are built at a time: the largest first, and none beside one that compiles the same packages."""
