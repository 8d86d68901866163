-- The row that holds the head of the chain was locked by every commit until it was stored: all of them stood in one line, and a
-- session that stood still stopped everybody. Rows are written without a place in the chain now, in the transaction that
-- they tell of, and get it in batches (audit_chain). What conflicts is put in order by its own locks, which are held while the
-- rows are written: `id` never contradicts what followed from what.
CREATE SEQUENCE audit_id;
ALTER TABLE audit ADD COLUMN id bigint NOT NULL DEFAULT nextval('audit_id');
ALTER SEQUENCE audit_id OWNED BY audit.id;
ALTER TABLE audit DROP CONSTRAINT audit_pkey;
ALTER TABLE audit ALTER seq DROP NOT NULL, ALTER prev_hash DROP NOT NULL, ALTER hash DROP NOT NULL, ALTER version DROP NOT NULL,
  ADD PRIMARY KEY (id), ADD UNIQUE (seq),
  ADD CHECK (num_nulls(seq, prev_hash, hash, version) IN (0, 4));
CREATE INDEX audit_unchained ON audit (id) WHERE seq IS NULL;

-- The one change of a row that there is: it gets its place in the chain.
CREATE OR REPLACE FUNCTION audit_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'UPDATE' THEN
    IF OLD.seq IS NULL AND NEW.seq IS NOT NULL AND (NEW.id, NEW.at, NEW.actor, NEW.event, NEW.run_id, NEW.payload)
        IS NOT DISTINCT FROM (OLD.id, OLD.at, OLD.actor, OLD.event, OLD.run_id, OLD.payload) THEN
      RETURN NEW;
    END IF;
  END IF;
  RAISE EXCEPTION 'audit is append-only';
END $$;

CREATE OR REPLACE FUNCTION audit_append(actor text, event text, run_id integer, payload text) RETURNS void LANGUAGE sql AS $$
  INSERT INTO audit (at, actor, event, run_id, payload)
    VALUES (date_trunc('milliseconds', clock_timestamp()), actor, event, run_id, payload)
$$;

-- Gives the oldest rows without one their place. Returns how many; null: somebody else does it just now.
CREATE FUNCTION audit_chain(most integer) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
  head audit_head%ROWTYPE;
  fresh audit%ROWTYPE;
  digest text;
  done integer := 0;
BEGIN
  SELECT * INTO head FROM audit_head FOR UPDATE SKIP LOCKED;
  IF NOT FOUND THEN
    RETURN NULL;
  END IF;
  FOR fresh IN SELECT * FROM audit WHERE seq IS NULL ORDER BY id LIMIT most LOOP
    digest := encode(sha256(convert_to(audit_text(fresh.actor, to_char(fresh.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
      fresh.event, fresh.payload, head.hash, fresh.run_id, head.seq + 1), 'UTF8')), 'hex');
    UPDATE audit SET seq = head.seq + 1, prev_hash = head.hash, hash = digest, version = 2 WHERE id = fresh.id;
    head.seq := head.seq + 1;
    head.hash := digest;
    done := done + 1;
  END LOOP;
  UPDATE audit_head SET seq = head.seq, hash = head.hash WHERE done > 0;
  RETURN done;
END $$;
