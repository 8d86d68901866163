/**
 * SQL: the button that was clicked stands on the very message that shows the remedy's card ($2 channel, $3 ts; null: not
 * clicked in Slack). A click can come before the answer of the post that showed it: until then the message has no ts,
 * and only one in the right channel can have been meant. Expects `r` (run) and `a` (approval).
 */
export const IS_ON_ITS_CARD = `($2::text IS NULL OR EXISTS (SELECT 1 FROM slack_message card
  WHERE card.thread_id = r.thread_id AND card.run_id = r.id AND card.remedy = a.remedy AND card.channel = $2
    AND (card.ts = $3 OR (card.state = 'sending' AND card.ts IS NULL))))`;
