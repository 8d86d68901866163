-- What a system's `auto:` does about an approval: the rule as it was then, when it acts (null: it does not) and why people are
-- asked after all.
ALTER TABLE approval ADD COLUMN auto_rule jsonb, ADD COLUMN auto_at timestamptz, ADD COLUMN auto_note text,
  ADD COLUMN auto_stopped_by text, ADD COLUMN auto_stopped_at timestamptz;

CREATE INDEX approval_auto ON approval (auto_at) WHERE auto_at IS NOT NULL;

-- A vote of the policy is nobody's, and nobody's vote is the policy's.
ALTER TABLE vote ADD CONSTRAINT auto_is_nobody CHECK ((via = 'auto') = (principal = 'policy auto'));

-- One row per system that has used it. Whoever lets the policy act, or turns it off, holds its lock: one after the other.
CREATE TABLE auto_policy (
  system      text PRIMARY KEY,
  off_at      timestamptz,
  off_by      text,
  off_because text
);

-- The budget. Kept apart from runs, which are forgotten.
CREATE TABLE auto_act (
  approval_id text PRIMARY KEY,
  system      text NOT NULL,
  runbook     text NOT NULL,
  remedy      text NOT NULL,
  run_id      integer NOT NULL,
  at          timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX auto_act_recent ON auto_act (system, runbook, remedy, at DESC);
CREATE INDEX auto_act_old ON auto_act (at);
