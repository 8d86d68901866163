-- The limits are counted for every intent while all others wait: what they look at must not grow with the history.
CREATE INDEX step_executing ON step (effect_deadline) WHERE state = 'executing';
CREATE INDEX attempt_recent ON attempt (started_at);
