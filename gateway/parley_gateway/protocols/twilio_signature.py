"""Whether a request is Twilio's: its signature covers the URL that Twilio called and the fields that it posted.

https://www.twilio.com/docs/usage/webhooks/webhooks-security. What Twilio called is not quite what arrives here:
a proxy ends TLS, a stream's URL says wss, and Twilio itself signs with or without the port. So each form that the
same URL can have is tried; all of them name this host and this path, and only Twilio and we can sign any.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import logging
from collections.abc import Iterator, Mapping
from pathlib import PurePath
from urllib.parse import SplitResult, urlsplit

from parley_gateway.files import WatchedFile
from parley_gateway.protocols.endpoint import Handshake

logger = logging.getLogger(__name__)

HEADER = "x-twilio-signature"
SETTINGS_HEADER = "x-twilio-webhooks-signature-settings"
"""`key=…,algorithm=HMAC_SHA256` where the account signs with a shared key instead of its auth token."""
_SHA256 = "algorithm=hmac_sha256"
_SCHEMES = {"https": 443, "wss": 443, "http": 80, "ws": 80}


class TwilioSignature:
    """Knows the account's auth token, whose file is read again when it changes."""

    def __init__(self, auth_token_file: PurePath, *, public_url: str | None) -> None:
        """`public_url`: scheme and host as Twilio calls them. Raises OSError or ValueError without a token."""
        self._file = WatchedFile(auth_token_file)
        self._public_url = public_url
        if not self._file.text().strip():
            raise ValueError(f"{auth_token_file} is empty; it has to hold the auth token of the Twilio account")

    def covers(self, handshake: Handshake, fields: Mapping[str, list[str]]) -> bool:
        """Whether Twilio signed this. Every form of the URL is compared, each in constant time."""
        presented = handshake.headers.get(HEADER, "").encode(errors="replace")
        key = self._key()
        if not presented or not key:
            return False
        settings = handshake.headers.get(SETTINGS_HEADER, "").lower().replace(" ", "")
        algorithm = hashlib.sha256 if _SHA256 in settings.split(",") else hashlib.sha1
        posted = "".join(name + value for name in sorted(fields) for value in sorted(set(fields[name])))
        try:
            urls = [*url_forms(called_url(handshake, self._public_url))]
        except ValueError:
            return False
        signatures = (base64.b64encode(hmac.digest(key, (url + posted).encode(), algorithm)) for url in urls)
        return any(hmac.compare_digest(presented, signature) for signature in signatures)

    def _key(self) -> bytes:
        try:
            return self._file.text().strip().encode()
        except (OSError, ValueError):
            logger.warning("auth token cannot be read; nothing of Twilio's is accepted")
            return b""


def called_url(handshake: Handshake, public_url: str | None) -> str:
    """The URL that the client has called, as far as it is known here."""
    if public_url is None:
        return handshake.url
    here = urlsplit(handshake.url)
    return public_url.rstrip("/") + here.path + (f"?{here.query}" if here.query else "")


def url_forms(url: str) -> Iterator[str]:
    """All ways to write it: schemes of HTTP and of WebSockets, a port or none, a slash at the end or none."""
    called = urlsplit(url)
    for scheme, port in _SCHEMES.items():
        for host in _hosts(called, port):
            for path in dict.fromkeys((called.path, called.path.rstrip("/") + "/")):
                yield called._replace(scheme=scheme, netloc=host, path=path).geturl()


def _hosts(called: SplitResult, default_port: int) -> dict[str, None]:
    host = called.netloc.rpartition(":")[0] if called.port else called.netloc
    return dict.fromkeys((called.netloc, host, f"{host}:{default_port}"))
