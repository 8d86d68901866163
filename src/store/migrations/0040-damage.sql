-- What a finding says of the kind of harm done, and since when: who is told of it does not wait for the severity of an alert.
ALTER TABLE finding ADD COLUMN damage text CHECK (damage IN ('data-loss', 'security', 'disruption', 'performance'));
ALTER TABLE finding ADD COLUMN found_at timestamptz;
ALTER TABLE finding ALTER COLUMN found_at SET DEFAULT clock_timestamp();

-- Told because of that harm; the ticket that was opened ({ id, link }), and when its open end was spoken of last.
ALTER TABLE escalation DROP CONSTRAINT escalation_because_check;
ALTER TABLE escalation ADD CONSTRAINT escalation_because_check CHECK (because IN ('severity', 'waiting', 'damage'));
ALTER TABLE escalation ADD COLUMN damage text;
ALTER TABLE escalation ADD COLUMN ticket jsonb;
ALTER TABLE escalation ADD COLUMN reminded_at timestamptz;
