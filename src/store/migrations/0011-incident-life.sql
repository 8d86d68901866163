-- The life of an incident: how often it fired, when it is diagnosed again, who closed it and whether it is still heard of.
ALTER TABLE incident
  -- Runs that wait for the quiet time of a flapping alert: what to start, and when, if it fires then.
  ADD COLUMN runs_due_at  timestamptz,
  ADD COLUMN runs_due     jsonb,
  -- No notification for so long that nobody knows whether it still fires.
  ADD COLUMN stale_at     timestamptz,
  -- A person has said that it is over: no notification said so.
  ADD COLUMN closed_by    text,
  ADD COLUMN close_reason text;
CREATE INDEX incident_runs_due ON incident (runs_due_at) WHERE runs_due_at IS NOT NULL;
CREATE INDEX incident_firing ON incident (last_seen_at) WHERE status = 'firing';

-- Every time an incident fired again after it was resolved. `announced`: the channel hears of it, not only the thread.
CREATE TABLE reopening (
  incident_id integer NOT NULL REFERENCES incident,
  n           integer NOT NULL,
  at          timestamptz NOT NULL DEFAULT clock_timestamp(),
  announced   boolean NOT NULL,
  PRIMARY KEY (incident_id, n)
);

ALTER TABLE run
  -- The alert has ended or fired again: a run that waits looks at everything again. `look_again_n` counts the requests.
  ADD COLUMN look_again_at   timestamptz,
  ADD COLUMN look_again_why  text CHECK (look_again_why IN ('resolved', 'fired', 'closed')),
  ADD COLUMN look_again_n    integer NOT NULL DEFAULT 0,
  ADD COLUMN looked_again_at timestamptz,
  -- A later run of the same incident asks instead of this one.
  ADD COLUMN superseded_by   integer REFERENCES run;
CREATE INDEX run_of_incident ON run (incident_id) WHERE incident_id IS NOT NULL;

-- Not seen any more when the run looked again.
ALTER TABLE finding ADD COLUMN gone_at timestamptz;

-- What the plan does, whichever run has made it: two cards of an incident never ask for the same act.
ALTER TABLE approval ADD COLUMN act text;
