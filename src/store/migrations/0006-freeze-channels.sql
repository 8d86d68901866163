-- Who heard of the freeze hears of its end, too, also when it ends by itself.
ALTER TABLE write_freeze ADD COLUMN channels text[] NOT NULL DEFAULT '{}';
