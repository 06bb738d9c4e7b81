"""`spec.agent`: what the agent is told, says, and may do."""

from __future__ import annotations

from typing import Any

from tests.operator.fields.row import ABSENT, MADE, Row, below, table
from tests.operator.fields.shared import secret_rows
from tests.unit.operator.examples import HTTP_TOOL, MCP_TOOL, secret

BOOK: dict[str, Any] = {**HTTP_TOOL, "name": "book"}
MCP: dict[str, Any] = MCP_TOOL
CRM = {**MCP, "mcp": {**MCP["mcp"], "headers": [{"name": "X-Key", "valueFrom": secret("crm", "key")}]}}

TEXT = below(
    "spec.agent",
    table(
        Row("instructions", "Be kind.", {"agent instructions": "Be kind."}),
        Row("greeting", "Ahoy", {"agent greeting": "Ahoy"}),
        Row("language", "de-DE", {"agent language": "de-DE"}),
        Row("phrases.apology", "Oh dear.", {"agent phrases.apology": "Oh dear."}),
        Row("phrases.stillThere", "Hello?", {"agent phrases.still_there": "Hello?"}),
        Row("phrases.goodbye", "Farewell.", {"agent phrases.goodbye": "Farewell."}),
    ),
)

ELSEWHERE = below(
    "spec.agent.instructionsFrom",
    table(
        Row(
            "configMapKeyRef.name",
            "other",
            {"pod spec.volumes[agent].projected.sources[1].configMap.name": "other"},
        ),
        Row(
            "configMapKeyRef.key",
            "other",
            {"pod spec.volumes[agent].projected.sources[1].configMap.items[0].key": "other"},
        ),
        agent={"instructionsFrom": {"configMapKeyRef": {"name": "prompts", "key": "agent"}}},
    ),
)

SECRETLY = below(
    "spec.agent.instructionsFrom",
    table(
        Row("secretKeyRef.name", "other", {"pod spec.volumes[agent].projected.sources[1].secret.name": "other"}),
        Row(
            "secretKeyRef.key",
            "other",
            {"pod spec.volumes[agent].projected.sources[1].secret.items[0].key": "other"},
        ),
        agent={"instructionsFrom": secret("prompts", "agent")},
    ),
)

FUNCTIONS = below(
    "spec.agent.tools[]",
    table(
        Row("name", "reserve", {"config tools[book]": ABSENT, "config tools[reserve]": MADE}),
        Row(
            "type",
            "MCP",
            {
                "config tools[book].allowed_tools": ["find_customer"],
                "config tools[book].description": ABSENT,
                "config tools[book].header_files": ABSENT,
                "config tools[book].idempotent": ABSENT,
                "config tools[book].idempotent_tools": ["find_customer"],
                "config tools[book].method": ABSENT,
                "config tools[book].parameters": ABSENT,
                "config tools[book].type": "MCP",
                "config tools[book].url": "https://crm.example.com/mcp",
                "secrets tools": ABSENT,
            },
            also={"http": ABSENT, "mcp": MCP["mcp"]},
        ),
        Row(
            "http.url",
            "https://tables.example.com/reserve",
            {"config tools[book].url": "https://tables.example.com/reserve"},
        ),
        Row("http.description", "Books a chair.", {"config tools[book].description": "Books a chair."}),
        Row(
            "http.parameters",
            {"type": "object"},
            {"config tools[book].parameters.properties": ABSENT, "config tools[book].parameters.required": ABSENT},
        ),
        Row("http.method", "PUT", {"config tools[book].method": "PUT"}),
        Row(
            "http.headers[].name",
            "X-Key",
            {
                "config tools[book].header_files.Authorization": ABSENT,
                "config tools[book].header_files.X-Key": "/etc/parley/secrets/tools_tables",
            },
        ),
        *secret_rows(
            "http.headers[].valueFrom", "config tools[book].header_files.Authorization", name="tools", key="tables"
        ),
        Row("http.idempotent", False, {"config tools[book].idempotent": False}),
        Row("timeout", "7s", {"config tools[book].timeout": 7.0}),
        agent={"instructions": "Be brief.", "tools": [BOOK]},
    ),
)

SERVERS = below(
    "spec.agent.tools[].mcp",
    table(
        Row("url", "https://crm.example.com/v2", {"config tools[crm].url": "https://crm.example.com/v2"}),
        Row(
            "headers[].name",
            "X-Other",
            {
                "config tools[crm].header_files.X-Key": ABSENT,
                "config tools[crm].header_files.X-Other": "/etc/parley/secrets/crm_key",
            },
        ),
        *secret_rows("headers[].valueFrom", "config tools[crm].header_files.X-Key", name="crm", key="key"),
        Row(
            "allowedTools",
            ["find_customer", "add_note"],
            {"config tools[crm].allowed_tools": ["find_customer", "add_note"]},
        ),
        Row("idempotentTools", ["add_note"], {"config tools[crm].idempotent_tools[0]": "add_note"}),
        agent={"instructions": "Be brief.", "tools": [CRM]},
    ),
)

ROWS = TEXT + ELSEWHERE + SECRETLY + FUNCTIONS + SERVERS
