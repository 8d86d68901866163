-- Which text of its runbook a run began with. Runs that began before this have none: what they began with is not known.
ALTER TABLE run
  ADD COLUMN runbook_version text,
  ADD COLUMN runbook_digest  text,
  ADD CONSTRAINT run_runbook_version CHECK ((runbook_version IS NULL) = (runbook_digest IS NULL));
