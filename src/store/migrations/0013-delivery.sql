-- What keeps messages from being shown. `subject`: a channel's id, `token` (Slack does not accept it), or `scope:` and
-- the method it is missing for. `seen_at`: when a message was last held up by it.
CREATE TABLE delivery_trouble (
  subject text PRIMARY KEY,
  reason  text NOT NULL,
  since   timestamptz NOT NULL DEFAULT now(),
  seen_at timestamptz NOT NULL DEFAULT now()
);

-- A thread that is shown elsewhere: the channel it belongs in, and why it could not be shown there.
ALTER TABLE thread ADD COLUMN meant_for text, ADD COLUMN moved_because text;

-- Every drawing of a thread and every look at the list of changed ones asks for the incident of a thread.
CREATE INDEX incident_of_thread ON incident (thread_id);
