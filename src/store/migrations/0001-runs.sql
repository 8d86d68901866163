-- Postgres holds what is true. Every state write is one compare-and-set together with its audit and outbox rows.

CREATE TABLE inbox (
  id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  source      text NOT NULL CHECK (source IN ('slack', 'alertmanager', 'cli', 'schedule')),
  dedupe_key  text NOT NULL UNIQUE,
  received_at timestamptz NOT NULL DEFAULT now(),
  raw         text COMPRESSION pglz NOT NULL,
  state       text NOT NULL DEFAULT 'new' CHECK (state IN ('new', 'done', 'refused')),
  note        text
);
CREATE INDEX inbox_open ON inbox (received_at) WHERE state = 'new';

CREATE TABLE thread (
  id         integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  channel    text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE incident (
  id           integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  thread_id    integer NOT NULL REFERENCES thread,
  group_key    text NOT NULL,
  receiver     text NOT NULL,
  title        text NOT NULL,
  system       text,
  severity     text NOT NULL,
  status       text NOT NULL CHECK (status IN ('firing', 'resolved')),
  external_url text NOT NULL DEFAULT '',
  truncated    integer NOT NULL DEFAULT 0,
  deliveries   integer NOT NULL DEFAULT 1,
  opened_at    timestamptz NOT NULL DEFAULT now(),
  last_seen_at timestamptz NOT NULL DEFAULT now(),
  resolved_at  timestamptz
);
CREATE INDEX incident_group ON incident (group_key, opened_at DESC);

-- Identity of an alert is its labels and when it began: groupKey changes with the routing, fingerprints can be forged.
CREATE TABLE alert_instance (
  labels_sha256 text NOT NULL,
  starts_at     timestamptz NOT NULL,
  incident_id   integer NOT NULL REFERENCES incident,
  labels        jsonb NOT NULL,
  annotations   jsonb NOT NULL,
  status        text NOT NULL CHECK (status IN ('firing', 'resolved')),
  ends_at       timestamptz,
  last_seen_at  timestamptz NOT NULL DEFAULT now(),
  deliveries    integer NOT NULL DEFAULT 1,
  PRIMARY KEY (labels_sha256, starts_at)
);
CREATE INDEX alert_of_incident ON alert_instance (incident_id, status);

CREATE TABLE run (
  id                  integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  thread_id           integer NOT NULL REFERENCES thread,
  incident_id         integer REFERENCES incident,
  system              text NOT NULL,
  runbook             text NOT NULL,
  title               text NOT NULL,
  params              jsonb NOT NULL,
  connections         jsonb NOT NULL,
  alert               jsonb,
  caller              jsonb NOT NULL,
  dry_run             boolean NOT NULL DEFAULT false,
  -- Remedies of this run are taken back after so long, unless somebody keeps them.
  apply_for_ms        bigint,
  status              text NOT NULL DEFAULT 'queued'
                      CHECK (status IN ('queued', 'running', 'waiting', 'succeeded', 'failed', 'errored', 'cancelled')),
  stages_planned      integer NOT NULL DEFAULT 0,
  diagnosed           boolean NOT NULL DEFAULT false,
  severity            text,
  error               jsonb,
  -- The fence: only the owner of the newest epoch, with a live lease, may change the run.
  epoch               bigint NOT NULL DEFAULT 0,
  owner               text,
  lease_until         timestamptz,
  wake_at             timestamptz,
  cancel_requested_at timestamptz,
  cancel_requested_by text,
  created_at          timestamptz NOT NULL DEFAULT now(),
  started_at          timestamptz,
  ended_at            timestamptz
);
CREATE INDEX run_open ON run (id) WHERE status IN ('queued', 'running', 'waiting');
CREATE INDEX run_of_system ON run (system, id DESC);
CREATE INDEX run_of_thread ON run (thread_id);

CREATE TABLE step (
  run_id          integer NOT NULL REFERENCES run,
  name            text NOT NULL,
  phase           text NOT NULL CHECK (phase IN ('diagnose', 'apply', 'verify', 'undo')),
  stage           integer NOT NULL,
  ord             integer NOT NULL,
  remedy          text,
  action          text NOT NULL,
  title           text NOT NULL,
  effect          text NOT NULL CHECK (effect IN ('read', 'write')),
  class           text CHECK (class IN ('keyed', 'cas', 'guarded')),
  connection      text NOT NULL,
  input           jsonb NOT NULL,
  witness         jsonb,
  state           text NOT NULL DEFAULT 'ready' CHECK (state IN
                  ('ready', 'executing', 'succeeded', 'failed', 'errored', 'unknown', 'denied', 'expired', 'cancelled', 'skipped')),
  epoch           bigint NOT NULL DEFAULT 0,
  effect_deadline timestamptz,
  output          jsonb,
  error           jsonb,
  started_at      timestamptz,
  finished_at     timestamptz,
  PRIMARY KEY (run_id, name)
);

CREATE TABLE finding (
  run_id   integer NOT NULL REFERENCES run,
  ord      integer NOT NULL,
  id       text NOT NULL,
  severity text NOT NULL CHECK (severity IN ('info', 'warning', 'critical')),
  title    text NOT NULL,
  because  text NOT NULL,
  evidence jsonb NOT NULL,
  remedies jsonb NOT NULL,
  PRIMARY KEY (run_id, ord)
);

CREATE TABLE remedy (
  run_id       integer NOT NULL REFERENCES run,
  key          text NOT NULL,
  ord          integer NOT NULL,
  title        text NOT NULL,
  risk         text NOT NULL CHECK (risk IN ('low', 'high', 'destructive')),
  status       text NOT NULL,
  advice       text,
  note         text,
  plan         text,
  plan_sha256  text,
  applied_at   timestamptz,
  verify_until timestamptz,
  ended_at     timestamptz,
  -- Applied, and a human may still say: undo, keep or extend. After this time `held_then` happens by itself.
  held_until   timestamptz,
  held_then    text CHECK (held_then IN ('undo', 'keep')),
  held_ms      bigint,
  PRIMARY KEY (run_id, key)
);

-- One per frozen plan: a new plan is a new approval, old votes never carry over.
CREATE TABLE approval (
  id             text PRIMARY KEY,
  run_id         integer NOT NULL,
  remedy         text NOT NULL,
  plan_sha256    text NOT NULL,
  policy         jsonb NOT NULL,
  requester      text,
  -- Votes that carry it: the policy's number, or one after break-glass.
  need           integer NOT NULL,
  state          text NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'approved', 'denied', 'expired', 'void')),
  requested_at   timestamptz NOT NULL DEFAULT now(),
  expires_at     timestamptz NOT NULL,
  execute_before timestamptz,
  decided_at     timestamptz,
  void_because   jsonb,
  FOREIGN KEY (run_id, remedy) REFERENCES remedy (run_id, key)
);
CREATE INDEX approval_of_remedy ON approval (run_id, remedy, requested_at DESC);
CREATE INDEX approval_open ON approval (expires_at) WHERE state IN ('pending', 'approved');

CREATE TABLE vote (
  approval_id text NOT NULL REFERENCES approval,
  principal   text NOT NULL,
  decision    text NOT NULL CHECK (decision IN ('approve', 'deny')),
  reason      text,
  plan_sha256 text NOT NULL,
  via         text NOT NULL,
  break_glass boolean NOT NULL DEFAULT false,
  at          timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (approval_id, principal)
);

-- What people said about a remedy whose outcome is unknown or that is still in force.
CREATE TABLE answer (
  run_id    integer NOT NULL,
  remedy    text NOT NULL,
  question  text NOT NULL,
  principal text NOT NULL,
  answer    text NOT NULL CHECK (answer IN ('happened', 'did-not', 'abandon', 'undo', 'keep', 'extend')),
  reason    text,
  via       text NOT NULL,
  at        timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (run_id, remedy, question, principal),
  FOREIGN KEY (run_id, remedy) REFERENCES remedy (run_id, key)
);

-- A message to a channel that belongs to no run: break-glass was used, a webhook was refused.
CREATE TABLE notice (
  thread_id integer PRIMARY KEY REFERENCES thread,
  text      text NOT NULL,
  at        timestamptz NOT NULL DEFAULT now()
);

-- The write-ahead intent: written before the effect, so that a crash leaves a question instead of a guess.
CREATE TABLE attempt (
  run_id      integer NOT NULL,
  step        text NOT NULL,
  epoch       bigint NOT NULL,
  worker      text NOT NULL,
  effect_key  text NOT NULL,
  plan_sha256 text NOT NULL,
  started_at  timestamptz NOT NULL DEFAULT now(),
  deadline    timestamptz NOT NULL,
  outcome     text,
  evidence    text,
  finished_at timestamptz,
  PRIMARY KEY (run_id, step, epoch),
  FOREIGN KEY (run_id, step) REFERENCES step (run_id, name)
);

CREATE TABLE target_lock (
  key         text PRIMARY KEY,
  run_id      integer NOT NULL REFERENCES run,
  remedy      text NOT NULL,
  acquired_at timestamptz NOT NULL DEFAULT now()
);

-- What somebody still has to look at: a run to move, a thread to draw. One row per subject; `rev` counts the changes.
CREATE TABLE outbox (
  kind       text NOT NULL CHECK (kind IN ('run', 'thread')),
  id         integer NOT NULL,
  rev        bigint NOT NULL DEFAULT 1,
  urgent     boolean NOT NULL DEFAULT false,
  not_before timestamptz NOT NULL DEFAULT now(),
  touched_at timestamptz NOT NULL DEFAULT now(),
  since      timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (kind, id)
);
CREATE INDEX outbox_due ON outbox (kind, urgent DESC, since);

-- What each message slot of a thread has shown. `sending`: a post may be under way; look in Slack before posting again.
CREATE TABLE slack_message (
  thread_id  integer NOT NULL REFERENCES thread,
  slot       text NOT NULL,
  channel    text NOT NULL,
  ts         text,
  state      text NOT NULL CHECK (state IN ('sending', 'sent', 'gone')),
  digest     text NOT NULL,
  intent_at  timestamptz NOT NULL DEFAULT now(),
  sent_at    timestamptz,
  attempts   integer NOT NULL DEFAULT 0,
  PRIMARY KEY (thread_id, slot)
);
CREATE UNIQUE INDEX slack_message_place ON slack_message (channel, ts) WHERE ts IS NOT NULL;

-- One row per name: who leads (sweeps, writes to Slack) and until when.
CREATE TABLE leader (
  name        text PRIMARY KEY,
  owner       text NOT NULL,
  epoch       bigint NOT NULL DEFAULT 1,
  lease_until timestamptz NOT NULL
);

CREATE TABLE worker (
  id         text PRIMARY KEY,
  host       text NOT NULL,
  pid        integer NOT NULL,
  version    text NOT NULL,
  started_at timestamptz NOT NULL DEFAULT now(),
  beat_at    timestamptz NOT NULL DEFAULT now()
);

-- The kill switch: while a row exists and is not over, no intent is written.
CREATE TABLE write_freeze (
  only_one boolean PRIMARY KEY DEFAULT true CHECK (only_one),
  by       text NOT NULL,
  reason   text NOT NULL,
  since    timestamptz NOT NULL DEFAULT now(),
  until    timestamptz
);

CREATE TABLE audit (
  seq       bigint PRIMARY KEY,
  at        timestamptz NOT NULL,
  actor     text NOT NULL,
  event     text NOT NULL,
  run_id    integer,
  payload   text NOT NULL,
  prev_hash text NOT NULL,
  hash      text NOT NULL
);
CREATE TABLE audit_head (
  only_one boolean PRIMARY KEY DEFAULT true CHECK (only_one),
  seq      bigint NOT NULL,
  hash     text NOT NULL
);
INSERT INTO audit_head (seq, hash) VALUES (0, repeat('0', 64));

CREATE FUNCTION audit_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'audit is append-only';
END $$;
CREATE TRIGGER audit_no_change BEFORE UPDATE OR DELETE ON audit FOR EACH ROW EXECUTE FUNCTION audit_is_append_only();
CREATE TRIGGER audit_no_truncate BEFORE TRUNCATE ON audit FOR EACH STATEMENT EXECUTE FUNCTION audit_is_append_only();

-- The hash covers everything a reader sees; the head row's lock makes the chain gapless under concurrency.
CREATE FUNCTION audit_append(actor text, event text, run_id integer, payload text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  head audit_head%ROWTYPE;
  stamp timestamptz := date_trunc('milliseconds', clock_timestamp());
  digest text;
BEGIN
  SELECT * INTO head FROM audit_head FOR UPDATE;
  digest := encode(sha256(convert_to(concat_ws('|', 'diagbot-audit-1', head.seq + 1, head.hash,
    to_char(stamp AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'), actor, event, coalesce(run_id::text, ''), payload), 'UTF8')), 'hex');
  INSERT INTO audit VALUES (head.seq + 1, stamp, actor, event, run_id, payload, head.hash, digest);
  UPDATE audit_head SET seq = head.seq + 1, hash = digest;
END $$;
