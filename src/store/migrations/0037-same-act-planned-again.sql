-- The card that another alert's run follows may be planned again and ask for something else: what was followed stands with the follower.
ALTER TABLE remedy ADD COLUMN same_as_act text;
