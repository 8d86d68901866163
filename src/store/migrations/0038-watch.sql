-- What was applied without a person may be watched for a while after it was seen to help; `watch`: then it is looked at again.
ALTER TABLE remedy DROP CONSTRAINT remedy_held_then_check;
ALTER TABLE remedy ADD CONSTRAINT remedy_held_then_check CHECK (held_then IN ('undo', 'keep', 'watch'));
