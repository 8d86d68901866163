-- No write begins on that system. `quiet`: it is in maintenance, so that its alerts are shown and nothing more, until it is over.
-- `planned`: the window of diagbot.yaml it stands for; it is not opened again when a person has ended it.
CREATE TABLE system_freeze (
  id       integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  system   text NOT NULL,
  quiet    boolean NOT NULL,
  by       text NOT NULL,
  reason   text NOT NULL,
  since    timestamptz NOT NULL DEFAULT clock_timestamp(),
  until    timestamptz,
  channels text[] NOT NULL DEFAULT '{}',
  planned  text UNIQUE,
  ended_at timestamptz,
  CHECK (NOT quiet OR until IS NOT NULL)
);
CREATE INDEX system_freeze_open ON system_freeze (system) WHERE ended_at IS NULL;
