import type { LocalSlack } from "../../../local/slack/local-slack.ts";
import type { LocalMessage } from "../../../local/slack/types.ts";

type Node = Readonly<Record<string, unknown>>;

/** Every object inside a JSON value, outermost first. */
function nodesOf(value: unknown): Node[] {
  if (Array.isArray(value)) return value.flatMap(nodesOf);
  if (typeof value !== "object" || value === null) return [];
  return [value as Node, ...Object.values(value).flatMap(nodesOf)];
}

/** All a person can read in blocks, views or acknowledgements, in order, one piece a line. */
export const textOf = (value: unknown): string =>
  nodesOf(value)
    .flatMap((node) => [node.text, node.alt_text].filter((text) => typeof text === "string"))
    .join("\n");

export interface SeenButton {
  readonly actionId: string;
  readonly value: string;
}

export const buttonsOf = (message: LocalMessage): SeenButton[] =>
  nodesOf(message.blocks)
    .filter((node) => node.type === "button")
    .map((node) => ({ actionId: String(node.action_id), value: String(node.value) }));

/** Every element of rich text that is more than text, and every piece of markup with an entity in it. */
export function liveParts(message: LocalMessage): string[] {
  const nodes = nodesOf(message.blocks);
  const elements = nodes
    .filter(({ type }) =>
      ["user", "usergroup", "broadcast", "channel", "link", "emoji"].includes(String(type)),
    )
    .map((node) => JSON.stringify(node));
  const markup = [
    message.text,
    ...nodes.filter(({ type }) => type === "mrkdwn").map(({ text }) => String(text)),
  ];
  const entities = markup.flatMap((text) => text.match(/<[^>]*>/g) ?? []);
  // Dates are the bot's own: they are built from a number.
  return [...elements, ...entities.filter((entity) => !/^<!date\^\d+\^/.test(entity))];
}

/** Every message of all channels with their threads, oldest first. */
export const everything = (slack: LocalSlack, channels: readonly string[]): LocalMessage[] =>
  channels
    .flatMap((channel) =>
      slack.messages(channel).flatMap((root) => slack.messages(channel, { thread: root.ts })),
    )
    .sort((a, b) => Number(a.ts) - Number(b.ts));

/** The thread whose root satisfies `is`; empty where there is none. */
export function threadWhere(
  slack: LocalSlack,
  channel: string,
  is: (root: LocalMessage) => boolean,
): LocalMessage[] {
  const root = slack.messages(channel).find(is);
  return root === undefined ? [] : slack.messages(channel, { thread: root.ts });
}

/** The thread a run's head or its incident's head belongs to. */
export const threadOfRun = (slack: LocalSlack, channel: string, run: number): LocalMessage[] =>
  threadWhere(slack, channel, (root) => new RegExp(`\\brun #?${run}\\b`, "i").test(textOf(root.blocks)));

/** The thread of a run that found nothing and has ended. */
export const isHealthy = ([head]: readonly LocalMessage[]): boolean =>
  head !== undefined &&
  textOf(head.blocks).toLowerCase().includes("nothing wrong") &&
  buttonsOf(head).every(({ actionId }) => actionId !== "run:cancel");
