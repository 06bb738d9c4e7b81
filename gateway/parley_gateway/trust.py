"""Whom the gateway believes when it calls out: one TLS context for all that it connects to."""

from __future__ import annotations

import ssl
from functools import cache


@cache
def trust() -> ssl.SSLContext:
    """The machine's certificate authorities, or those of SSL_CERT_FILE; certifi's where the machine has none.

    One for the process, since each would parse the authorities anew: 1 MB, and 30 ms of the event loop.
    """
    context = ssl.create_default_context()
    if not context.cert_store_stats()["x509_ca"]:
        import certifi

        context.load_verify_locations(certifi.where())
    return context
