-- What people should know of why an incident is or is not looked at, a sentence each.
ALTER TABLE incident ADD COLUMN remarks text[] NOT NULL DEFAULT '{}';
-- The page of the rule an alert comes from (Alertmanager's generatorURL).
ALTER TABLE alert_instance ADD COLUMN generator_url text NOT NULL DEFAULT '';
-- A request is written down by the transaction that acts on it: none was ever `new`.
DROP INDEX inbox_open;
ALTER TABLE inbox ALTER COLUMN state SET DEFAULT 'done';
ALTER TABLE inbox DROP CONSTRAINT inbox_state_check;
ALTER TABLE inbox ADD CONSTRAINT inbox_state_check CHECK (state IN ('done', 'refused'));
