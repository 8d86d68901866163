-- Who held the keyboard: the account of a command line, and for whom the voter says to have decided.
ALTER TABLE vote ADD COLUMN account text, ADD COLUMN on_behalf text;
ALTER TABLE answer ADD COLUMN account text, ADD COLUMN on_behalf text;
