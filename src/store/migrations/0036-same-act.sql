-- One approval for one act: a remedy whose act another alert's run asks for already follows that one. `same_as_over_at`: what
-- became of it was noticed.
ALTER TABLE remedy
  ADD COLUMN same_as_run     integer,
  ADD COLUMN same_as_key     text,
  ADD COLUMN same_as_over_at timestamptz;
CREATE INDEX remedy_followers ON remedy (same_as_run, same_as_key) WHERE same_as_run IS NOT NULL;
CREATE INDEX remedy_following ON remedy (run_id) WHERE same_as_run IS NOT NULL AND same_as_over_at IS NULL;
CREATE INDEX approval_act ON approval (act) WHERE state IN ('pending', 'approved');
