-- The message a person deleted and whose place this one has taken: it is named in the new one, and comes back into its row
-- when the new one surely was not posted.
ALTER TABLE slack_message ADD COLUMN former_ts text;
