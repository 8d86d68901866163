-- What people say with a tick (an owner, a date, a reflection), and checklists that have to be done before an incident is closed.
ALTER TABLE checklist ADD COLUMN required boolean NOT NULL DEFAULT false;
ALTER TABLE checklist_tick ADD COLUMN answers jsonb;
