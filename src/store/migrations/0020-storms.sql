-- More alert groups than a channel can show one by one: they are folded, that is, shown as lines of the storm's own thread.
CREATE TABLE storm (
  id             integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  thread_id      integer NOT NULL UNIQUE REFERENCES thread,
  channel        text NOT NULL,
  pages          integer NOT NULL DEFAULT 0,
  groups         integer NOT NULL DEFAULT 0,
  opened_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
  last_folded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  ended_at       timestamptz
);
CREATE UNIQUE INDEX storm_open ON storm (channel) WHERE ended_at IS NULL;

-- `storm_page`: the message of the storm's thread that has its line. `unfolded_at`: shown by itself as well from then on.
ALTER TABLE thread ADD COLUMN storm_id integer REFERENCES storm, ADD COLUMN storm_page integer,
  ADD COLUMN unfolded_at timestamptz, ADD COLUMN unfolded_because text;
CREATE INDEX thread_of_storm ON thread (storm_id, storm_page) WHERE storm_id IS NOT NULL;

-- Looked for at every sweep and at every clearing away: without them a growing table is read whole.
CREATE INDEX remedy_unknown ON remedy (run_id) WHERE status = 'unknown';
CREATE INDEX inbox_received ON inbox (received_at);
