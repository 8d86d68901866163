-- What may still be taken back is looked for every second, and there is little of it.
CREATE INDEX remedy_held ON remedy (held_until) WHERE held_until IS NOT NULL;
