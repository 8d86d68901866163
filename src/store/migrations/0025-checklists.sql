-- Checklists of an incident, with their items as they were when it was opened, and what people say of each item.
CREATE TABLE checklist (
  incident_id integer NOT NULL REFERENCES incident,
  id          text NOT NULL,
  title       text NOT NULL,
  items       jsonb NOT NULL,
  opened_by   text NOT NULL,
  at          timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (incident_id, id)
);
CREATE TABLE checklist_tick (
  incident_id integer NOT NULL,
  checklist   text NOT NULL,
  item        integer NOT NULL,
  done        boolean NOT NULL,
  by          text NOT NULL,
  at          timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (incident_id, checklist, item),
  FOREIGN KEY (incident_id, checklist) REFERENCES checklist (incident_id, id)
);

-- Has a run of that runbook looked at the system since the incident was opened? Looked for whenever its thread is drawn.
CREATE INDEX run_that_looked ON run (system, runbook, created_at) WHERE diagnosed;
