-- `previous_run_id`: the last finished run of the same runbook on the same system before this one, for what has changed.
-- `shown` false: a scheduled run that found nothing new; lists and threads leave it out.
ALTER TABLE run ADD COLUMN previous_run_id integer, ADD COLUMN shown boolean NOT NULL DEFAULT true;
CREATE INDEX run_quiet ON run (ended_at) WHERE NOT shown;
CREATE INDEX run_of_runbook ON run (system, runbook, id DESC);
