import type { KnownBlock } from "@slack/types";

/** Slack refuses more blocks than this in a message. */
export const MOST_BLOCKS = 50;
/**
 * JSON characters of all blocks of a message. Slack refuses a message at about 13,200 characters of all its blocks,
 * which is documented nowhere (slackapi/bolt-js issue 2509); counting the JSON errs on the safe side.
 */
export const MOST_CHARACTERS = 12_000;

export const weigh = (blocks: readonly KnownBlock[]): number => JSON.stringify(blocks).length;

/**
 * Groups that belong together, into as few messages as the limits allow; a group is split only where it alone is too
 * much. One block must be lighter than a message: those who make blocks clip their text.
 */
export function pack(groups: readonly (readonly KnownBlock[])[]): KnownBlock[][] {
  const messages: KnownBlock[][] = [];
  let open: KnownBlock[] = [];
  const close = () => {
    if (open.length > 0) messages.push(open);
    open = [];
  };
  const fits = (more: readonly KnownBlock[]) =>
    open.length + more.length <= MOST_BLOCKS && weigh([...open, ...more]) <= MOST_CHARACTERS;
  for (const group of groups) {
    if (!fits(group)) close();
    for (const block of group) {
      if (!fits([block])) close();
      open.push(block);
    }
  }
  close();
  return messages;
}
