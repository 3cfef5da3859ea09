-- ---------------------------------------------------------------- replay and parked messages

-- One wish to have events fed through the same path again. A run is written by who asks for it and
-- driven by reconcile, page by page; `cursor` is where the next page starts.
CREATE TABLE replay_runs (
    id           text PRIMARY KEY,
    client_id    text,                              -- whose uploads; null: every client's
    requested_by text NOT NULL,                     -- user id, or the operator's login
    function     text NOT NULL CHECK (function IN ('ingest', 'cluster', 'notify')),
    prefix       text NOT NULL DEFAULT '',          -- of keys, below the client
    states       text[] NOT NULL,
    since        timestamptz,                       -- first seen from here on
    until        timestamptz NOT NULL,              -- first seen before; never after the wish itself
    is_forced    boolean NOT NULL,
    rate         double precision,                  -- messages a second; null: as many as there is room for
    total        bigint NOT NULL,
    published    bigint NOT NULL DEFAULT 0,
    cursor       text NOT NULL DEFAULT '',
    state        text NOT NULL DEFAULT 'running' CHECK (state IN ('running', 'cancelled', 'done')),
    owner        text,                              -- who drives it, until `lease_until`
    lease_until  timestamptz,
    created_at   timestamptz NOT NULL DEFAULT now(),
    ended_at     timestamptz
);
CREATE INDEX replay_runs_running ON replay_runs (created_at) WHERE state = 'running';

ALTER TABLE parked
    ADD COLUMN first_failed timestamptz,            -- of the tries that led here
    ADD COLUMN resolved_at  timestamptz,
    ADD COLUMN resolution   text CHECK (resolution IN ('replayed', 'discarded')),
    ADD COLUMN resolved_by  text;
CREATE INDEX parked_open ON parked (parked_at DESC) WHERE resolved_at IS NULL;

GRANT SELECT, INSERT, UPDATE ON replay_runs TO datacore_app, datacore_runtime;
