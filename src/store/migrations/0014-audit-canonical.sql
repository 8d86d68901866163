-- From here on a row's hash is over the canonical JSON (RFC 8785) of its members, so that no two rows have the same text:
-- joined with "|", an actor "a|b" was the same as an actor "a" of an event "b|…". Older rows keep version 1 and its hash,
-- and the chain goes on: the first row of version 2 names the hash of the last row of version 1.
ALTER TABLE audit ADD COLUMN version smallint NOT NULL DEFAULT 1;
ALTER TABLE audit ALTER COLUMN version DROP DEFAULT;

-- Members in the order of their names. to_json escapes strings exactly as JSON.stringify does. The payload is hashed as the
-- string that is stored.
CREATE FUNCTION audit_text(actor text, at text, event text, payload text, prev text, run_id integer, seq bigint)
RETURNS text LANGUAGE sql IMMUTABLE AS $$
  SELECT '{"actor":' || to_json(actor) || ',"at":' || to_json(at) || ',"event":' || to_json(event)
    || ',"payload":' || to_json(payload) || ',"prev":' || to_json(prev)
    || ',"run":' || coalesce(run_id::text, 'null') || ',"seq":' || seq || ',"version":2}'
$$;

CREATE OR REPLACE FUNCTION audit_append(actor text, event text, run_id integer, payload text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  head audit_head%ROWTYPE;
  stamp timestamptz := date_trunc('milliseconds', clock_timestamp());
  digest text;
BEGIN
  SELECT * INTO head FROM audit_head FOR UPDATE;
  digest := encode(sha256(convert_to(audit_text(actor, to_char(stamp AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
    event, payload, head.hash, run_id, head.seq + 1), 'UTF8')), 'hex');
  INSERT INTO audit (seq, at, actor, event, run_id, payload, prev_hash, hash, version)
    VALUES (head.seq + 1, stamp, actor, event, run_id, payload, head.hash, digest, 2);
  UPDATE audit_head SET seq = head.seq + 1, hash = digest;
END $$;
