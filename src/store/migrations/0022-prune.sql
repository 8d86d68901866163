-- What is over is forgotten thread by thread, the oldest first; every reference to a row that goes is found by an index.
CREATE INDEX thread_created ON thread (created_at);
CREATE INDEX slack_message_card ON slack_message (run_id, remedy) WHERE run_id IS NOT NULL;
CREATE INDEX run_superseded ON run (superseded_by) WHERE superseded_by IS NOT NULL;
CREATE INDEX notice_about ON notice (about) WHERE about IS NOT NULL;
