-- What the voter had before them: digests of the card, and of the file with the whole plan where there is one, as they
-- were last sent to Slack (the card's also stands in the message's metadata). Null: the vote was not cast in Slack.
ALTER TABLE vote ADD COLUMN shown_card text, ADD COLUMN shown_file text;
