-- What counts is looked up from the few to the many, whatever the planner knows of the tables: of a
-- dataset first those with the same rows, and only of files that mend others what they mend. Left to
-- itself, and knowing nothing, it took minutes for forty files. OFFSET 0 keeps it so.

-- The datasets that count: named by a live upload, of which the earliest gives branch and time,
-- and of the same rows within a branch the earliest. Looked at with the rights of who asks.
CREATE VIEW current_datasets WITH (security_invoker = true) AS
SELECT d.*, place.upload_id, place.branch, place.stored_at, place.version_id
FROM datasets d CROSS JOIN LATERAL (
    SELECT u.id AS upload_id, u.branch_id AS branch, u.stored_at, u.version_id FROM uploads u
    WHERE u.client_id = d.client_id AND u.sha256 = d.sha256 AND u.state IN ('stored', 'duplicate')
    ORDER BY u.stored_at, u.version_id LIMIT 1) AS place
WHERE NOT EXISTS (
    SELECT FROM (
        SELECT same.sha256 FROM datasets same
        WHERE same.client_id = d.client_id AND same.rows_sha256 = d.rows_sha256
          AND same.sha256 <> d.sha256 OFFSET 0) AS twin
    CROSS JOIN LATERAL (
        SELECT u.branch_id AS branch, u.stored_at, u.version_id FROM uploads u
        WHERE u.client_id = d.client_id AND u.sha256 = twin.sha256
          AND u.state IN ('stored', 'duplicate')
        ORDER BY u.stored_at, u.version_id LIMIT 1) AS other
    WHERE other.branch = place.branch
      AND (other.stored_at, other.version_id, twin.sha256)
          < (place.stored_at, place.version_id, d.sha256));
GRANT SELECT ON current_datasets TO datacore_app;

-- The repairs that count: of a line that is rejected in a dataset that counts, the newest one. An
-- upload that was deleted is not repaired; one that the same bytes superseded still is.
CREATE VIEW current_repairs WITH (security_invoker = true) AS
SELECT DISTINCT ON (r.client_id, parent.sha256, r.line)
       r.client_id, r.sha256, r.data_row, r.line, r.quantity, r.amount,
       parent.sha256 AS parent_sha256, rejected.data_row AS parent_row
FROM (
    SELECT file.client_id, file.sha256, d.stored_at, d.version_id
    FROM (SELECT DISTINCT client_id, sha256 FROM repairs) AS file CROSS JOIN LATERAL (
        SELECT stored_at, version_id FROM current_datasets
        WHERE client_id = file.client_id AND sha256 = file.sha256 OFFSET 0) AS d
    OFFSET 0) AS mine
JOIN repairs r ON r.client_id = mine.client_id AND r.sha256 = mine.sha256
JOIN (
    SELECT named.client_id, named.upload_id, d.sha256
    FROM (SELECT DISTINCT client_id, upload_id FROM repairs) AS named CROSS JOIN LATERAL (
        SELECT c.sha256 FROM uploads u
        JOIN current_datasets c ON c.client_id = u.client_id AND c.sha256 = u.sha256
        WHERE u.client_id = named.client_id AND u.id = named.upload_id
          AND u.state IN ('stored', 'duplicate', 'superseded') OFFSET 0) AS d
    OFFSET 0) AS parent ON parent.client_id = r.client_id AND parent.upload_id = r.upload_id
JOIN rejected_lines rejected ON rejected.client_id = r.client_id
     AND rejected.sha256 = parent.sha256 AND rejected.line = r.line
ORDER BY r.client_id, parent.sha256, r.line,
         mine.stored_at DESC, mine.version_id DESC, mine.sha256 DESC, r.data_row DESC;
GRANT SELECT ON current_repairs TO datacore_app;
