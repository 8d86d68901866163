-- The thread a message is about: it links there.
ALTER TABLE notice ADD COLUMN about integer REFERENCES thread;
