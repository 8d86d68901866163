-- A row that was deleted as shown and comes again must not look like the one before: whoever still holds the old `rev` would
-- delete the new change unseen.
CREATE SEQUENCE outbox_rev;
SELECT setval('outbox_rev', (SELECT coalesce(max(rev), 0) + 1 FROM outbox));
ALTER TABLE outbox ALTER rev SET DEFAULT nextval('outbox_rev');
