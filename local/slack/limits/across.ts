import type { CheckedBlock } from "./blocks.ts";

/** Characters of all text in one message: measured by its users, documented nowhere (slackapi/bolt-js issue 2509). */
export const MESSAGE_CHARACTERS = 13_200;

const repeated = (ids: readonly (string | undefined)[]): string[] => {
  const named = ids.filter((id) => id !== undefined);
  return [...new Set(named.filter((id, index) => named.indexOf(id) !== index))];
};

const actionIds = (block: CheckedBlock): (string | undefined)[] =>
  block.type === "actions" ? block.elements.map((element) => element.action_id) : [];

/** Ids that stand twice: a `block_id` in the list, an `action_id` in one block. Slack refuses both. */
export function repeatedIds(blocks: readonly CheckedBlock[]): string[] {
  const twice = repeated(blocks.map((block) => block.block_id)).map(
    (id) => `duplicate block_id: ${id} [json-pointer:/blocks]`,
  );
  const actions = blocks.flatMap((block, index) =>
    repeated(actionIds(block)).map(
      (id) => `duplicate action_id: ${id} [json-pointer:/blocks/${index}/elements]`,
    ),
  );
  return [...twice, ...actions];
}

/** The characters of every `text` string below a value; what Slack counts against the total of a message. */
export function countCharacters(value: unknown): number {
  if (Array.isArray(value)) return value.reduce((sum: number, item) => sum + countCharacters(item), 0);
  if (typeof value !== "object" || value === null) return 0;
  return Object.entries(value).reduce(
    (sum, [key, inner]) =>
      sum + (key === "text" && typeof inner === "string" ? inner.length : countCharacters(inner)),
    0,
  );
}
