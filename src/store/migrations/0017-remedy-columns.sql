-- Which remedy an attempt belongs to, and which a message is the card of: said by columns, not read back from names.
ALTER TABLE attempt ADD COLUMN remedy text;
UPDATE attempt SET remedy = step.remedy FROM step WHERE step.run_id = attempt.run_id AND step.name = attempt.step;
ALTER TABLE attempt ALTER COLUMN remedy SET NOT NULL,
  ADD FOREIGN KEY (run_id, remedy) REFERENCES remedy (run_id, key);
ALTER TABLE slack_message ADD COLUMN run_id integer, ADD COLUMN remedy text;
UPDATE slack_message SET run_id = split_part(slot, '/', 2)::integer, remedy = substr(slot, length(split_part(slot, '/', 2)) + 13)
  WHERE slot LIKE 'run/%/remedy/%';
ALTER TABLE slack_message ADD FOREIGN KEY (run_id, remedy) REFERENCES remedy (run_id, key);
