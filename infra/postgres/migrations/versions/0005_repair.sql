-- What becomes of a file some of whose rows are bad: the good ones are taken, or none.
ALTER TABLE clients ADD COLUMN row_policy text NOT NULL DEFAULT 'good_rows'
    CHECK (row_policy IN ('good_rows', 'all_or_nothing'));

-- ---------------------------------------------------------------- what counts, once

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
