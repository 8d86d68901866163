-- How many times in a row the lease ended without a step being recorded: work that stops its worker is not given out for ever.
ALTER TABLE run ADD COLUMN lost_leases integer NOT NULL DEFAULT 0;
