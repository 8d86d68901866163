-- Rows of the audit record that were written to a file and may go: nothing else takes a row out of it.
CREATE TABLE audit_archive (
  last_seq bigint PRIMARY KEY,
  first_seq bigint NOT NULL UNIQUE,
  -- The chain goes on from here.
  hash text NOT NULL,
  version smallint NOT NULL,
  -- Of the file as it was written.
  file text NOT NULL,
  sha256 text NOT NULL,
  at timestamptz NOT NULL DEFAULT now(),
  CHECK (first_seq <= last_seq)
);

CREATE FUNCTION audit_archive_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'audit_archive is append-only';
END $$;
CREATE TRIGGER audit_archive_no_change BEFORE UPDATE OR DELETE ON audit_archive
  FOR EACH ROW EXECUTE FUNCTION audit_archive_is_append_only();
CREATE TRIGGER audit_archive_no_truncate BEFORE TRUNCATE ON audit_archive
  FOR EACH STATEMENT EXECUTE FUNCTION audit_archive_is_append_only();

CREATE OR REPLACE FUNCTION audit_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'UPDATE' THEN
    IF OLD.seq IS NULL AND NEW.seq IS NOT NULL AND (NEW.id, NEW.at, NEW.actor, NEW.event, NEW.run_id, NEW.payload)
        IS NOT DISTINCT FROM (OLD.id, OLD.at, OLD.actor, OLD.event, OLD.run_id, OLD.payload) THEN
      RETURN NEW;
    END IF;
  ELSIF TG_OP = 'DELETE' THEN
    IF EXISTS (SELECT FROM audit_archive WHERE OLD.seq BETWEEN first_seq AND last_seq) THEN
      RETURN OLD;
    END IF;
  END IF;
  RAISE EXCEPTION 'audit is append-only';
END $$;
