-- What a request came to, so that its repeat is answered alike and changes nothing.
ALTER TABLE inbox ADD COLUMN result jsonb;

-- A group key may be longer than an index entry (2.7 kB): its hash is looked up, the key itself compared.
DROP INDEX incident_group;
CREATE INDEX incident_group ON incident (hashtextextended(group_key, 0), opened_at DESC);

-- What could not be read or kept of the newest notification, for people.
ALTER TABLE incident ADD COLUMN note text;
