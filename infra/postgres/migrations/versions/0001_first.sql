-- ---------------------------------------------------------------- clients and their people

CREATE TABLE clients (
    id             text PRIMARY KEY CHECK (id ~ '^[a-z0-9][a-z0-9-]{0,62}$'), -- first part of its keys
    name           text NOT NULL,
    currency       text,                            -- ISO 4217; null: as the files say nothing
    language       text NOT NULL DEFAULT 'en',
    data_version   bigint NOT NULL DEFAULT 0,       -- raised whenever its current datasets change
    segmentation_id text,                           -- the current one
    segmented_version bigint NOT NULL DEFAULT 0,    -- data_version that the current one has seen
    created_at     timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE branches (
    client_id  text NOT NULL REFERENCES clients,
    id         text NOT NULL CHECK (id ~ '^[a-z0-9][a-z0-9-]{0,62}$'),        -- second part of its keys
    name       text NOT NULL,
    timezone   text NOT NULL DEFAULT 'UTC',         -- IANA zone of its wall time
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (client_id, id)
);

CREATE TABLE users (
    client_id  text NOT NULL REFERENCES clients,
    id         text NOT NULL,
    name       text NOT NULL,
    role       text NOT NULL CHECK (role IN ('owner', 'analyst', 'uploader')),
    language   text NOT NULL DEFAULT 'en',
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (client_id, id)
);

CREATE TABLE api_tokens (
    client_id  text NOT NULL,
    token_hash text NOT NULL,                       -- sha256 of a 256-bit random token
    user_id    text NOT NULL,
    label      text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    revoked_at timestamptz,
    PRIMARY KEY (client_id, token_hash),
    FOREIGN KEY (client_id, user_id) REFERENCES users
);

-- ---------------------------------------------------------------- uploads and datasets

CREATE TABLE upload_links (
    client_id    text NOT NULL,
    key          text NOT NULL,                     -- made by us; the file's own name is only shown
    branch_id    text NOT NULL,
    filename     text NOT NULL,
    requested_by text NOT NULL,                     -- user id
    created_at   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (client_id, key),
    FOREIGN KEY (client_id, branch_id) REFERENCES branches
);

CREATE TABLE uploads (
    client_id       text NOT NULL REFERENCES clients,
    id              text NOT NULL,                  -- from bucket, key and version
    branch_id       text NOT NULL,                  -- as in the key; may be unknown
    bucket          text NOT NULL,
    key             text NOT NULL,
    version_id      text NOT NULL,
    filename        text NOT NULL,                  -- shown to people
    uploaded_by     text,                           -- principal or user; null: the store did not say
    size            bigint NOT NULL,                -- bytes
    stored_at       timestamptz NOT NULL,           -- the store's time of this version
    seen_at         timestamptz NOT NULL DEFAULT now(),
    settled_at      timestamptz,
    state           text NOT NULL CHECK (state IN (
        'announced', 'reading', 'needs_answer', 'parked',
        'stored', 'duplicate', 'rejected', 'superseded', 'removed')),
    reason          text,                           -- a code of the catalogue of texts
    params          jsonb NOT NULL DEFAULT '{}',    -- what its sentence says
    sha256          text,                           -- of the bytes, once read
    first_upload_id text,                           -- of a duplicate: the upload that came first
    outcome         text CHECK (outcome IN ('stored', 'duplicate', 'rejected')), -- of reading it;
                                                    -- kept while it is superseded or removed
    generation      integer NOT NULL DEFAULT 0,
    PRIMARY KEY (client_id, id),
    UNIQUE (client_id, bucket, key, version_id)
);
CREATE INDEX uploads_by_key ON uploads (client_id, bucket, key);
CREATE INDEX uploads_by_content ON uploads (client_id, sha256);
CREATE INDEX uploads_newest ON uploads (client_id, stored_at DESC, id);

-- When the versions of a key were last looked at in the store: who looked earlier must look again.
CREATE TABLE object_keys (
    client_id text NOT NULL REFERENCES clients,
    bucket    text NOT NULL,
    key       text NOT NULL,
    looked_at timestamptz NOT NULL,
    PRIMARY KEY (client_id, bucket, key)
);

CREATE TABLE datasets (
    client_id      text NOT NULL REFERENCES clients,
    sha256         text NOT NULL,
    frame_id       text NOT NULL,                   -- names its chunks in MongoDB
    rejected_frame_id text NOT NULL,                -- the same, of its rejected rows
    branch_id      text NOT NULL,                   -- of the upload it was read from
    first_upload_id text NOT NULL,
    rows_in        bigint NOT NULL,
    accepted       bigint NOT NULL,
    rejected       bigint NOT NULL,
    blank          bigint NOT NULL,
    repeated       bigint NOT NULL,
    quantity       numeric NOT NULL,
    amount         numeric NOT NULL,
    anonymous      bigint NOT NULL,
    returns        bigint NOT NULL,
    first_day      date,
    last_day       date,
    size           bigint NOT NULL,
    understanding  jsonb NOT NULL,                  -- encoding, dialect, mapping, conventions
    created_at     timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (client_id, sha256),
    CHECK (rows_in = accepted + rejected + blank + repeated)
);

-- ---------------------------------------------------------------- results

CREATE TABLE segmentations (
    client_id    text NOT NULL REFERENCES clients,
    id           text NOT NULL,                     -- the fingerprint: frames, parameters, code version
    as_of        date,                              -- latest accepted local day; null: no rows
    data_version bigint NOT NULL,
    summary      jsonb NOT NULL,                    -- totals and how the clusters were chosen
    created_at   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (client_id, id)
);

CREATE TABLE segments (
    client_id         text NOT NULL,
    segmentation_id   text NOT NULL,
    view              text NOT NULL CHECK (view IN ('rfm', 'habits')),
    segment_id        text NOT NULL,
    position          integer NOT NULL,
    customers         bigint NOT NULL,
    revenue           numeric NOT NULL,
    body              jsonb NOT NULL,               -- name, sentence, rule, action, measures
    PRIMARY KEY (client_id, segmentation_id, view, segment_id),
    FOREIGN KEY (client_id, segmentation_id) REFERENCES segmentations ON DELETE CASCADE
);

CREATE TABLE assignments (
    client_id       text NOT NULL,
    segmentation_id text NOT NULL,
    customer_id     text NOT NULL,
    rfm_segment     text NOT NULL,
    habit_segment   text,                           -- null: no purchase
    r               smallint,
    f               smallint,
    m               smallint,
    recency_days    integer,
    orders          bigint NOT NULL,
    spend           numeric NOT NULL,
    first_day       date,
    last_day        date,
    habits          jsonb NOT NULL DEFAULT '{}',
    PRIMARY KEY (client_id, segmentation_id, customer_id),
    FOREIGN KEY (client_id, segmentation_id) REFERENCES segmentations ON DELETE CASCADE
);

CREATE TABLE contributions (
    client_id       text NOT NULL,
    segmentation_id text NOT NULL,
    sha256          text NOT NULL,
    branch_id       text NOT NULL,
    accepted_rows   bigint NOT NULL,
    counted_rows    bigint NOT NULL,
    replaced_rows   bigint NOT NULL,
    accepted_amount numeric NOT NULL,
    counted_amount  numeric NOT NULL,
    replaced_amount numeric NOT NULL,
    PRIMARY KEY (client_id, segmentation_id, sha256),
    FOREIGN KEY (client_id, segmentation_id) REFERENCES segmentations ON DELETE CASCADE,
    CHECK (accepted_rows = counted_rows + replaced_rows),
    CHECK (accepted_amount = counted_amount + replaced_amount)
);

CREATE TABLE notices (
    client_id  text NOT NULL,
    id         bigint GENERATED ALWAYS AS IDENTITY,
    user_id    text NOT NULL,
    about      text NOT NULL,                       -- the fact: one notice a fact and user
    code       text NOT NULL,
    params     jsonb NOT NULL DEFAULT '{}',
    upload_id  text,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (client_id, id),
    UNIQUE (client_id, user_id, about),
    FOREIGN KEY (client_id, user_id) REFERENCES users
);

-- ---------------------------------------------------------------- the runtime's ledger

CREATE TABLE journal (
    event_id   text PRIMARY KEY,                    -- from the content: a second arrival has the same
    function   text NOT NULL,
    kinds      text[] NOT NULL,
    raw        bytea NOT NULL,
    seen_at    timestamptz NOT NULL DEFAULT now(),
    seen_count integer NOT NULL DEFAULT 1
);

CREATE TABLE claims (
    work_key     text PRIMARY KEY,                  -- function and what it works on
    function     text NOT NULL,
    client_id    text,
    event_id     text NOT NULL,                     -- of the message that asked for it, in the journal
    status       text NOT NULL CHECK (status IN ('leased', 'waiting', 'done', 'refused', 'parked')),
    fence        bigint NOT NULL DEFAULT 1,         -- fencing number: only its holder may finish
    owner        text NOT NULL,
    lease_until  timestamptz NOT NULL,
    starts       integer NOT NULL DEFAULT 1,        -- since the last outcome of any kind
    transient_tries integer NOT NULL DEFAULT 0,
    bug_tries    integer NOT NULL DEFAULT 0,
    first_failed timestamptz,
    next_try     timestamptz,
    last_error   text,
    created_at   timestamptz NOT NULL DEFAULT now(),
    finished_at  timestamptz
);

CREATE TABLE outbox (
    id         text PRIMARY KEY,                    -- the event's id
    seq        bigint GENERATED ALWAYS AS IDENTITY,
    work_key   text NOT NULL,
    queue      text NOT NULL,
    body       bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    sent_at    timestamptz
);
CREATE INDEX outbox_unsent ON outbox (created_at) WHERE sent_at IS NULL;

CREATE TABLE parked (
    id        text PRIMARY KEY,                     -- from the function and the body
    function  text NOT NULL,
    work_key  text,                                 -- null: the message could not be read
    client_id text,
    reason    text NOT NULL CHECK (reason IN ('unreadable', 'dependency', 'bug', 'worker_died')),
    error     text NOT NULL,                        -- with the traceback of a bug
    tries     integer NOT NULL,
    body      bytea NOT NULL,
    parked_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE stray_objects (
    bucket     text NOT NULL,
    key        text NOT NULL,
    version_id text NOT NULL,
    reason     text NOT NULL,
    seen_at    timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (bucket, key, version_id)
);

GRANT SELECT, INSERT, UPDATE, DELETE ON journal, claims, outbox, parked TO datacore_runtime;
GRANT SELECT, INSERT ON stray_objects TO datacore_runtime;
-- Which clients exist and whether their report lags; none of their rows.
GRANT SELECT (id, data_version, segmented_version) ON clients TO datacore_runtime;
CREATE POLICY versions_only ON clients FOR SELECT TO datacore_runtime USING (true);

-- One transaction must change client rows, finish or park the claim and fill the outbox. So the app
-- role may finish claims of its own client, and add to outbox and strays without reading them.
GRANT SELECT, UPDATE ON claims TO datacore_app;
GRANT SELECT, INSERT, UPDATE ON parked TO datacore_app;
GRANT INSERT ON outbox, stray_objects TO datacore_app;
