-- The record of an incident as it was when somebody asked for it: a file of its thread, which is never changed.
CREATE TABLE postmortem (
  incident_id integer NOT NULL REFERENCES incident,
  n           integer NOT NULL,
  by          text NOT NULL,
  at          timestamptz NOT NULL DEFAULT clock_timestamp(),
  markdown    text NOT NULL,
  PRIMARY KEY (incident_id, n)
);
