-- Who was told of an incident that nobody answered. `turn`: how often it had fired before; every step of a turn is told once.
-- `target`: as diagbot.yaml had it. `keyed`: whoever is told knows the same message again, so that it may be sent twice.
CREATE TABLE escalation (
  incident_id integer NOT NULL REFERENCES incident,
  turn        integer NOT NULL,
  level        integer NOT NULL,
  event       text NOT NULL CHECK (event IN ('trigger', 'acknowledge', 'resolve')),
  target      jsonb NOT NULL,
  because     text NOT NULL CHECK (because IN ('severity', 'waiting')),
  keyed       boolean NOT NULL DEFAULT false,
  -- `shown`: the thread is all there is to send.
  state       text NOT NULL CHECK (state IN ('shown', 'due', 'sending', 'sent', 'failed', 'unknown', 'withdrawn')),
  attempts    integer NOT NULL DEFAULT 0,
  said        text,
  at          timestamptz NOT NULL DEFAULT clock_timestamp(),
  due_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
  deadline    timestamptz,
  ended_at    timestamptz,
  -- Of a trigger: whoever was told has heard that it is over.
  over_at     timestamptz,
  PRIMARY KEY (incident_id, turn, level, event)
);
CREATE INDEX escalation_open ON escalation (due_at) WHERE state IN ('due', 'sending');
CREATE INDEX escalation_told ON escalation (incident_id) WHERE event = 'trigger' AND state IN ('sent', 'unknown') AND over_at IS NULL;

-- Somebody looks after it: said so (`ack`), wrote in the thread (`reply`), or asked diagbot for something about it (`command`).
CREATE TABLE incident_answer (
  incident_id integer NOT NULL REFERENCES incident,
  turn        integer NOT NULL,
  how         text NOT NULL CHECK (how IN ('ack', 'reply', 'command')),
  by          text NOT NULL,
  words       text NOT NULL DEFAULT '',
  at          timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (incident_id, turn, how)
);

-- Was something asked about that system since it fired? Looked for again and again.
CREATE INDEX run_asked_for ON run (system, created_at) WHERE caller ->> 'via' IN ('slack', 'cli');
