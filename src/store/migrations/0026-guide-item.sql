-- A thread of several runs that were asked for as one item of a guide: which item, and what of it was only offered.
ALTER TABLE thread ADD COLUMN guide jsonb;
