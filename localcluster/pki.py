"""Every certificate of a control plane: who trusts whom."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from localcluster.certificates import KeyPair, Subject, authority, issue, signing_key

SERVICE_NAMES = (
    "localhost",
    "kubernetes",
    "kubernetes.default",
    "kubernetes.default.svc",
    "kubernetes.default.svc.cluster.local",
)


@dataclass(frozen=True)
class Pki:
    """The keys and certificates of one cluster.

    etcd and the front proxy have authorities of their own: a client of the API server must
    neither read etcd nor speak for other users.
    """

    folder: Path
    authority: KeyPair
    etcd_authority: KeyPair
    front_proxy_authority: KeyPair
    service_accounts: KeyPair
    etcd: KeyPair
    apiserver: KeyPair
    apiserver_to_etcd: KeyPair
    apiserver_to_kubelet: KeyPair
    front_proxy: KeyPair
    admin: KeyPair

    def client(self, name: str, *, user: str, groups: tuple[str, ...] = ()) -> KeyPair:
        """A client certificate; the API server takes the name as user, organizations as groups."""
        subject = Subject(common_name=user, organizations=groups)
        return issue(self.folder, name, subject=subject, issuer=self.authority)

    def server(self, name: str, *, subject: Subject) -> KeyPair:
        """A certificate for a server of the cluster."""
        return issue(self.folder, name, subject=subject, issuer=self.authority)


def make_pki(folder: Path, *, addresses: tuple[str, ...]) -> Pki:
    """Make what is missing; `addresses` are those at which the API server is reached."""
    ca, etcd_ca = authority(folder, "ca"), authority(folder, "etcd-ca")
    front_ca = authority(folder, "front-proxy-ca")

    def leaf(name: str, subject: Subject, issuer: KeyPair) -> KeyPair:
        return issue(folder, name, subject=subject, issuer=issuer)

    masters = ("system:masters",)
    return Pki(
        folder=folder,
        authority=ca,
        etcd_authority=etcd_ca,
        front_proxy_authority=front_ca,
        service_accounts=signing_key(folder, "service-accounts"),
        etcd=leaf("etcd", Subject("etcd", (), ("localhost", "127.0.0.1")), etcd_ca),
        apiserver=leaf("apiserver", Subject("kubernetes", (), SERVICE_NAMES + addresses), ca),
        apiserver_to_etcd=leaf("apiserver-etcd", Subject("kube-apiserver"), etcd_ca),
        apiserver_to_kubelet=leaf("apiserver-kubelet", Subject("kube-apiserver", masters), ca),
        front_proxy=leaf("front-proxy", Subject("front-proxy"), front_ca),
        admin=leaf("admin", Subject("admin", masters), ca),
    )
