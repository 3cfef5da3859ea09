-- What becomes of a file some of whose rows are bad: the good ones are taken, or none.
ALTER TABLE clients ADD COLUMN row_policy text NOT NULL DEFAULT 'good_rows'
    CHECK (row_policy IN ('good_rows', 'all_or_nothing'));

-- ---------------------------------------------------------------- what counts, once

-- Of the rejected rows, those that the export itself says are no purchases: nobody has to mend them.
ALTER TABLE datasets ADD COLUMN left_out bigint NOT NULL DEFAULT 0
    CHECK (left_out <= rejected);

-- The file's rows apart from how they are written (null: it has none), so that the same rows saved
-- again by a spreadsheet are found.
ALTER TABLE datasets ADD COLUMN rows_sha256 text;
CREATE INDEX datasets_by_rows ON datasets (client_id, rows_sha256);

-- The datasets that count: named by a live upload, of which the earliest gives branch and time,
-- and of the same rows within a branch the earliest. Looked at with the rights of who asks.
CREATE VIEW current_datasets WITH (security_invoker = true) AS
SELECT d.*, place.upload_id, place.branch, place.stored_at, place.version_id
FROM datasets d CROSS JOIN LATERAL (
    SELECT u.id AS upload_id, u.branch_id AS branch, u.stored_at, u.version_id FROM uploads u
    WHERE u.client_id = d.client_id AND u.sha256 = d.sha256 AND u.state IN ('stored', 'duplicate')
    ORDER BY u.stored_at, u.version_id LIMIT 1) AS place
WHERE NOT EXISTS (
    SELECT FROM datasets twin CROSS JOIN LATERAL (
        SELECT u.branch_id AS branch, u.stored_at, u.version_id FROM uploads u
        WHERE u.client_id = twin.client_id AND u.sha256 = twin.sha256
          AND u.state IN ('stored', 'duplicate')
        ORDER BY u.stored_at, u.version_id LIMIT 1) AS other
    WHERE twin.client_id = d.client_id AND twin.rows_sha256 = d.rows_sha256
      AND other.branch = place.branch
      AND (other.stored_at, other.version_id, twin.sha256)
          < (place.stored_at, place.version_id, d.sha256));
GRANT SELECT ON current_datasets TO datacore_app;

-- ---------------------------------------------------------------- repairs

-- The rejected rows of each dataset: what a repair may mend.
CREATE TABLE rejected_lines (
    client_id text NOT NULL,
    sha256    text NOT NULL,
    line      bigint NOT NULL,                      -- physical line of the file, from 1
    data_row  bigint NOT NULL,                      -- data row of the file, from 1
    PRIMARY KEY (client_id, sha256, line),
    FOREIGN KEY (client_id, sha256) REFERENCES datasets ON DELETE CASCADE
);

-- Accepted rows of a dataset that say which line of which upload they mend.
CREATE TABLE repairs (
    client_id text NOT NULL,
    sha256    text NOT NULL,
    data_row  bigint NOT NULL,
    upload_id text NOT NULL,                        -- as the file says: it may not be known (yet)
    line      bigint NOT NULL,                      -- 0: the file does not say
    quantity  numeric,
    amount    numeric NOT NULL,
    PRIMARY KEY (client_id, sha256, data_row),
    FOREIGN KEY (client_id, sha256) REFERENCES datasets ON DELETE CASCADE
);
CREATE INDEX repairs_by_upload ON repairs (client_id, upload_id);

-- The repairs that count: of a line that is rejected in a dataset that counts, the newest one. An
-- upload that was deleted is not repaired; one that the same bytes superseded still is.
CREATE VIEW current_repairs WITH (security_invoker = true) AS
SELECT DISTINCT ON (r.client_id, parent.sha256, r.line)
       r.client_id, r.sha256, r.data_row, r.line, r.quantity, r.amount,
       parent.sha256 AS parent_sha256, rejected.data_row AS parent_row
FROM repairs r
JOIN current_datasets mine ON mine.client_id = r.client_id AND mine.sha256 = r.sha256
JOIN uploads named ON named.client_id = r.client_id AND named.id = r.upload_id
     AND named.state IN ('stored', 'duplicate', 'superseded')
JOIN current_datasets parent
     ON parent.client_id = r.client_id AND parent.sha256 = named.sha256
JOIN rejected_lines rejected ON rejected.client_id = r.client_id
     AND rejected.sha256 = parent.sha256 AND rejected.line = r.line
ORDER BY r.client_id, parent.sha256, r.line,
         mine.stored_at DESC, mine.version_id DESC, mine.sha256 DESC, r.data_row DESC;
GRANT SELECT ON current_repairs TO datacore_app;

-- ---------------------------------------------------------------- how a branch's files are read

-- What people decided about a branch's files, each from a time of the store on. What is not decided
-- here is left to what the files show.
CREATE TABLE branch_profiles (
    client_id  text NOT NULL,
    branch_id  text NOT NULL,
    version    integer NOT NULL,                    -- from 1
    since      timestamptz,                         -- for files stored from then on; null: for all
    settings   jsonb NOT NULL,                      -- only what was decided; a null takes it back
    upload_id  text,                                -- whose question it answers; null: nobody asked
    decided_by text NOT NULL,                       -- user id
    decided_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (client_id, branch_id, version),
    FOREIGN KEY (client_id, branch_id) REFERENCES branches
);
