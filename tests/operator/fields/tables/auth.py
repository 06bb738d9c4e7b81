"""`spec.auth`: who may connect."""

from __future__ import annotations

from tests.operator.fields.row import ABSENT, Row, below, table
from tests.operator.fields.shared import secret_rows
from tests.unit.operator.examples import HS256, JWT, secret

SERVER = {"name": "backend", "valueFrom": secret("tokens", "backend")}

TOKENS = below(
    "spec.auth",
    table(
        *secret_rows("tokens[]", "config auth.tokens.token_files[0]", name="tokens", key="website"),
        Row("tokensInAddress", True, {"config auth.tokens.in_address": True}),
        Row(
            "anonymous",
            {},
            {
                "config auth.anonymous": True,
                "config auth.tokens": ABSENT,
                "pod spec.containers[gateway].volumeMounts[secrets]": ABSENT,
                "secrets tokens": ABSENT,
            },
            also={"tokens": ABSENT},
        ),
        auth={"tokens": [secret("tokens", "website")]},
    ),
)

SERVERS = below(
    "spec.auth",
    table(
        Row(
            "apiKeys[].name",
            "other",
            {
                "config auth.api_keys[backend]": ABSENT,
                "config auth.api_keys[other]": {"file": "/etc/parley/secrets/tokens_backend", "name": "other"},
            },
        ),
        *secret_rows("apiKeys[].valueFrom", "config auth.api_keys[backend].file", name="tokens", key="backend"),
        Row("apiKeys[].tenant", "bakery", {"config auth.api_keys[backend].tenant": "bakery"}),
        Row("clientSecrets.path", "/v1/tickets", {"config auth.client_secrets.path": "/v1/tickets"}),
        Row("clientSecrets.lifetime", "45s", {"config auth.client_secrets.lifetime": 45.0}),
        auth={"apiKeys": [SERVER], "clientSecrets": {}},
    ),
)

ISSUERS = below(
    "spec.auth.jwt[]",
    table(
        Row("issuer", "https://other.example.com", {"config auth.jwt[0].issuer": "https://other.example.com"}),
        Row("audiences", ["calls"], {"config auth.jwt[0].audiences[0]": "calls"}),
        Row("algorithms", ["RS256"], {"config auth.jwt[0].algorithms": ["RS256"]}),
        Row(
            "jwksURI",
            "https://id.example.com/keys",
            {"config auth.jwt[0].jwks_uri": "https://id.example.com/keys"},
        ),
        Row("claims.user", "email", {"config auth.jwt[0].claims.user": "email"}),
        Row("claims.tenant", "team", {"config auth.jwt[0].claims.tenant": "team"}),
        auth={"jwt": [JWT]},
    ),
)

SHARED = below(
    "spec.auth.jwt[]",
    table(
        *secret_rows("secret", "config auth.jwt[0].secret_file", name="jwt", key="secret"),
        auth={"jwt": [HS256]},
    ),
)

ROWS = TOKENS + SERVERS + ISSUERS + SHARED
