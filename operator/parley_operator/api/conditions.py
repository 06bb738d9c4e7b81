"""The conditions of a VoiceDeployment and their reasons, each with what a person should do about it."""

from __future__ import annotations

from enum import StrEnum
from typing import Self


class ConditionType(StrEnum):
    """What a condition is about. The order is that in which `Ready` looks for the first thing that is wrong."""

    READY = "Ready"
    CREDENTIALS_READY = "CredentialsReady"
    CERTIFICATE_READY = "CertificateReady"
    ENDPOINT_READY = "EndpointReady"
    WORKERS_READY = "WorkersReady"
    AVAILABLE = "Available"
    PROGRESSING = "Progressing"
    AUTOSCALING_READY = "AutoscalingReady"
    SETTINGS_HONOURED = "SettingsHonoured"


READY_NEEDS = (
    ConditionType.CREDENTIALS_READY,
    ConditionType.CERTIFICATE_READY,
    ConditionType.ENDPOINT_READY,
    ConditionType.AVAILABLE,
)
"""Conditions that must be true for `Ready`, the deepest cause first. The others inform."""


class Reason(StrEnum):
    """Why a condition has its status. `advice` says what a person should do; empty where nothing is to be done."""

    advice: str

    def __new__(cls, value: str, advice: str = "") -> Self:
        """A reason and its advice."""
        member = str.__new__(cls, value)
        member._value_ = value
        member.advice = advice
        return member

    def advice_for(self, name: str, *, namespace: str) -> str:
        """The advice for one resource: commands in it can be run as they stand."""
        return self.advice.replace("NAMESPACE", namespace).replace("NAME", name)

    # Ready
    SERVING = "Serving"
    SUSPENDED = "Suspended", "Set spec.suspend to false to answer again."
    INVALID_SPEC = "InvalidSpec", "Correct the fields that the message names; what ran before goes on unchanged."
    NAME_CONFLICT = (
        "NameConflict",
        "An object of that name exists and is not this resource's. Delete it, or rename the VoiceDeployment.",
    )
    APPLY_FAILED = (
        "ApplyFailed",
        "The API server refused an object. Read the message; quotas and admission policies are the usual cause.",
    )

    # Available and Progressing
    PODS_READY = "PodsReady"
    NO_POD_READY = "NoPodReady", "See why: parley -n NAMESPACE doctor NAME, or the pods' logs."
    ROLLOUT_COMPLETE = "RolloutComplete"
    ROLLING_OUT = "RollingOut", "Wait: pods are replaced one at a time, and old ones finish their sessions."
    ROLLOUT_STUCK = (
        "RolloutStuck",
        "The new pods do not become ready. See why: parley -n NAMESPACE doctor NAME, or the new pods' logs.",
    )
    ROLLED_BACK = (
        "RolledBack",
        "Correct the spec. To try the same one again, set rollout.onFailure to Hold.",
    )
    CANARY_RUNNING = (
        "CanaryRunning",
        "Bring the canary to all pods with parley promote, or give it up with parley rollback.",
    )
    PAUSED = "Paused", "Remove the annotation parley.dev/paused to go on."
    WAITING_FOR_CREDENTIALS = (
        "WaitingForCredentials",
        "Create what CredentialsReady names; the rollout then begins by itself.",
    )

    # CredentialsReady
    CREDENTIALS_FOUND = "CredentialsFound"
    NO_CREDENTIALS_NEEDED = "NoCredentialsNeeded"
    SECRET_NOT_FOUND = "SecretNotFound", "Create the Secret, or correct its name in the spec."
    CONFIG_MAP_NOT_FOUND = "ConfigMapNotFound", "Create the ConfigMap, or correct its name in the spec."
    KEY_NOT_FOUND = "KeyNotFound", "Add the key to the object, or correct its name in the spec."
    KEY_EMPTY = "KeyEmpty", "Put the value into the key: it is there but empty."

    # EndpointReady
    ROUTED = "Routed"
    CLUSTER_ONLY = "ClusterOnly", "Set spec.endpoint to be reached from outside the cluster."
    ADDRESS_PENDING = "AddressPending", "Wait for the ingress controller; if it lasts, look at its logs."
    HOST_CONFLICT = (
        "HostConflict",
        "An older VoiceDeployment has that host. Choose another host, or remove it there.",
    )
    INGRESS_CLASS_NOT_FOUND = (
        "IngressClassNotFound",
        "Set endpoint.ingress.className to one of `kubectl get ingressclasses`.",
    )
    GATEWAY_API_NOT_SERVED = (
        "GatewayApiNotServed",
        "Install the Gateway API's resource definitions, which is noticed by itself, or use endpoint.ingress.",
    )
    GATEWAY_NOT_FOUND = "GatewayNotFound", "Make the Gateway, or correct endpoint.gateway.parentRefs."
    ROUTE_PENDING = (
        "RoutePending",
        "Wait for the Gateway's controller; if it lasts, see that the Gateway's class has one that runs.",
    )
    ROUTE_NOT_ACCEPTED = (
        "RouteNotAccepted",
        "Read what the controller says: the Gateway must have a listener for the hosts that allows routes from "
        "this namespace.",
    )
    ROUTE_NOT_RESOLVED = "RouteNotResolved", "Read what the controller says of the Service that the route names."

    # WorkersReady
    WORKERS_SERVING = "WorkersServing"
    NO_WORKER_POOLS = "NoWorkerPools", "Set spec.workerPools to run speech servers of your own beside the gateway."
    NO_WORKER_READY = (
        "NoWorkerReady",
        "Wait while models are fetched; else look at the workers: "
        "kubectl -n NAMESPACE describe pods -l parley.dev/pool.",
    )

    # CertificateReady
    CERTIFICATE_VALID = "CertificateValid"
    NO_CERTIFICATE = "NoCertificate", "Set endpoint.ingress.tls unless something in front of the ingress ends TLS."
    CERTIFICATE_UNREADABLE = "CertificateUnreadable", "Put a PEM certificate chain into tls.crt of the Secret."
    CERTIFICATE_EXPIRED = "CertificateExpired", "Renew the certificate in the Secret."
    HOST_NOT_COVERED = "HostNotCovered", "Get a certificate that names every host of the endpoint."
    LISTENER_S_CERTIFICATE = "ListenersCertificate"
    CERT_MANAGER_NOT_SERVED = (
        "CertManagerNotServed",
        "Install cert-manager, which is noticed by itself, or use tls.secretRef or tls.selfSigned.",
    )
    CERTIFICATE_PENDING = (
        "CertificatePending",
        "Wait for cert-manager; if it lasts, follow kubectl -n NAMESPACE describe certificates to its requests.",
    )
    ISSUANCE_FAILED = (
        "IssuanceFailed",
        "Read what cert-manager says; it tries again by itself, at longer and longer intervals.",
    )

    # AutoscalingReady
    FIXED_REPLICAS = "FixedReplicas"
    AUTOSCALING = "Autoscaling"
    METRICS_UNAVAILABLE = (
        "MetricsUnavailable",
        "The autoscaler gets no CPU figures: install metrics-server, or wait for a pod to become ready.",
    )
    SESSIONS_UNAVAILABLE = (
        "SessionsUnavailable",
        "The autoscaler gets no figures of active sessions: see that Prometheus scrapes the pods and that "
        "voice_sessions_active is served (docs/scaling.md). Until then CPU adds pods, and none is taken away.",
    )
    TWO_AUTOSCALERS = (
        "TwoAutoscalers",
        "Another HorizontalPodAutoscaler has the same pods, so that neither scales: delete the other one.",
    )
    UNABLE_TO_SCALE = "UnableToScale", "The autoscaler cannot set the number of pods: read why in the message."
    SCALED_OBJECT_NOT_READY = (
        "ScaledObjectNotReady",
        "Read what KEDA says; scaling.prometheus is the usual cause. Until then no pod is taken away.",
    )
    HANDING_OVER = (
        "HandingOver",
        "Wait for the former autoscaler to go. A ScaledObject goes once KEDA's operator has let go of it.",
    )

    # SettingsHonoured
    ALL_HONOURED = "AllHonoured"
    SET_IN_CONTROLLER = (
        "SetInController",
        "The ingress controller takes this from its own configuration alone: set there what the message names.",
    )
    API_NOT_SERVED = "ApiNotServed", "Install the API that the message names; it is noticed by itself."
    UNKNOWN_CONTROLLER = (
        "UnknownController",
        "Say timeouts and affinity to this controller with endpoint.ingress.annotations.",
    )
    CLAIM_NOT_CHANGED = (
        "ClaimNotChanged",
        "Set the claim's settings back, or give the pool another name, or delete the claim and the pool's pods.",
    )
    CANARY_NOT_SHARED = (
        "CanaryNotShared",
        "Use endpoint.gateway, or an ingress class of ingress-nginx or Traefik; or remove rollout.canary.",
    )
    DEADLINE_CUT_SHORT = (
        "DeadlineCutShort",
        "Raise turnTaking.longestSilence above the deadline that the message names, or shorten that.",
    )
    EGRESS_NOT_KNOWN = (
        "EgressNotKnown",
        "Declare in networkPolicy.additionalEgress what the message names, or set networkPolicy.mode to Disabled.",
    )
