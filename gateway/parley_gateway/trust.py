"""Whom the gateway believes when it calls out: the authorities in the file SSL_CERT_FILE, else the system's.

Most clients share one TLS context. Those with certificates of their own are told of the file: Stripe's,
OpenTelemetry's and PostgreSQL's.
"""

from __future__ import annotations

import os
import ssl
from collections.abc import MutableMapping
from functools import lru_cache
from pathlib import Path

_FILE, _FOLDER = "SSL_CERT_FILE", "SSL_CERT_DIR"


def trust() -> ssl.SSLContext:
    """The machine's certificate authorities, or those of SSL_CERT_FILE; certifi's where the machine has none.

    One for the process, since each would parse the authorities anew: 1 MB, and 30 ms of the event loop.
    """
    return _context(os.environ.get(_FILE), os.environ.get(_FOLDER))


@lru_cache(maxsize=1)
def _context(_file: str | None, _folder: str | None) -> ssl.SSLContext:
    """OpenSSL itself reads the variables."""
    context = ssl.create_default_context()
    if not context.cert_store_stats()["x509_ca"]:
        import certifi

        context.load_verify_locations(certifi.where())
    return context


def bundle() -> str | None:
    """The file of trusted certificates; None: the system's."""
    return os.environ.get(_FILE) or None


def keep_to_bundle(environment: MutableMapping[str, str]) -> None:
    """Let nobody trust the system's authorities besides: OpenSSL looks for a certificate in a folder as well.

    It finds certificates there by names that are hashes, and so none in the bundle's own folder. To be called
    before any client is made.
    """
    if file := environment.get(_FILE):
        environment.setdefault(_FOLDER, str(Path(file).parent))
