-- One row per session. Amounts are what providers bill, costs are dollars by the price list.
CREATE TABLE voice_sessions (
    id text PRIMARY KEY,
    namespace text NOT NULL,
    deployment text NOT NULL,
    tenant text NOT NULL,
    user_id text,
    started_at timestamptz NOT NULL,
    ended_at timestamptz NOT NULL,
    seconds numeric GENERATED ALWAYS AS (extract(epoch FROM (ended_at - started_at))) STORED,
    reason text NOT NULL,
    currency text NOT NULL,
    cost numeric NOT NULL,
    cost_stt numeric NOT NULL,
    cost_llm numeric NOT NULL,
    cost_tts numeric NOT NULL,
    prices_unknown boolean NOT NULL,
    estimated boolean NOT NULL,
    audio_seconds numeric NOT NULL,
    characters numeric NOT NULL,
    input_tokens numeric NOT NULL,
    cached_input_tokens numeric NOT NULL,
    cache_write_input_tokens numeric NOT NULL,
    output_tokens numeric NOT NULL,
    audio_output_tokens numeric NOT NULL,
    usage jsonb NOT NULL,
    transcript jsonb,
    recorded_at timestamptz NOT NULL DEFAULT now()
);

COMMENT ON COLUMN voice_sessions.reason IS
    'Why it ended; interrupted: its process was killed, and the row is what was known seconds before';
COMMENT ON COLUMN voice_sessions.prices_unknown IS 'Some usage has no known price and is not in the cost';
COMMENT ON COLUMN voice_sessions.estimated IS 'Some amounts are not the provider''s own count';

CREATE INDEX voice_sessions_user ON voice_sessions (user_id, ended_at);
CREATE INDEX voice_sessions_tenant ON voice_sessions (tenant, ended_at);
CREATE INDEX voice_sessions_deployment ON voice_sessions (namespace, deployment, ended_at);

-- Who reads what. The role that makes the tables, and its members, write and read all: they are the gateways. So do
-- members of parley_gateway, if there is such a role: gateways that may not change the schema.
-- Members of parley_finance, if there is such a role, read all. Members of parley_app, if there is such a role, are
-- trusted to say for whom they read: SET parley.user_id. Every other role reads the rows of the user of its own name.
-- Where tenants have users of one name, SET parley.tenant narrows that to one tenant, for whoever sets it.
-- What these functions call is bound when they are made: whoever reads cannot put functions of its own before them.
CREATE FUNCTION parley_is(role name) RETURNS boolean
    LANGUAGE sql STABLE SET search_path = pg_catalog
    AS $$ SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = role AND pg_has_role(current_user, oid, 'USAGE')) $$;

CREATE FUNCTION parley_user() RETURNS text
    LANGUAGE sql STABLE
    RETURN CASE
        WHEN parley_is('parley_app') THEN nullif(current_setting('parley.user_id', true), '')
        ELSE current_user
    END;

CREATE FUNCTION parley_reads(tenant text) RETURNS boolean
    LANGUAGE sql STABLE
    RETURN coalesce(nullif(current_setting('parley.tenant', true), '') = tenant, true);

ALTER TABLE voice_sessions ENABLE ROW LEVEL SECURITY;
ALTER TABLE voice_sessions FORCE ROW LEVEL SECURITY;
CREATE POLICY gateways ON voice_sessions TO CURRENT_USER USING (true) WITH CHECK (true);
CREATE POLICY other_gateways ON voice_sessions
    USING (parley_is('parley_gateway')) WITH CHECK (parley_is('parley_gateway'));
CREATE POLICY finance ON voice_sessions FOR SELECT USING (parley_is('parley_finance'));
CREATE POLICY own_rows ON voice_sessions FOR SELECT USING (user_id = parley_user() AND parley_reads(tenant));

-- Reports; both show what the role that asks may see.
CREATE VIEW voice_costs_daily WITH (security_invoker = true) AS
SELECT
    namespace,
    deployment,
    tenant,
    user_id,
    (ended_at AT TIME ZONE 'UTC')::date AS day,
    currency,
    count(*) AS sessions,
    sum(seconds) AS seconds,
    sum(cost) AS cost,
    sum(cost_stt) AS cost_stt,
    sum(cost_llm) AS cost_llm,
    sum(cost_tts) AS cost_tts,
    sum(audio_seconds) AS audio_seconds,
    sum(characters) AS characters,
    sum(input_tokens) AS input_tokens,
    sum(cached_input_tokens) AS cached_input_tokens,
    sum(cache_write_input_tokens) AS cache_write_input_tokens,
    sum(output_tokens) AS output_tokens,
    sum(audio_output_tokens) AS audio_output_tokens,
    bool_or(prices_unknown) AS prices_unknown
FROM voice_sessions
GROUP BY namespace, deployment, tenant, user_id, day, currency;

CREATE FUNCTION voice_costs(since timestamptz, until timestamptz)
    RETURNS TABLE (
        tenant text,
        user_id text,
        currency text,
        sessions bigint,
        seconds numeric,
        cost numeric,
        cost_stt numeric,
        cost_llm numeric,
        cost_tts numeric,
        prices_unknown boolean
    )
    LANGUAGE sql STABLE
    AS $$
    SELECT
        s.tenant,
        s.user_id,
        s.currency,
        count(*),
        sum(s.seconds),
        sum(s.cost),
        sum(s.cost_stt),
        sum(s.cost_llm),
        sum(s.cost_tts),
        bool_or(s.prices_unknown)
    FROM voice_sessions AS s
    WHERE s.ended_at >= since AND s.ended_at < until
    GROUP BY s.tenant, s.user_id, s.currency
    ORDER BY sum(s.cost) DESC, s.tenant, s.user_id
    $$;
