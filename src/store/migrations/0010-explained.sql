-- The step gave no value, and a finding says what that means: evidence, not something that could not be done.
ALTER TABLE step ADD COLUMN explained boolean NOT NULL DEFAULT false;
