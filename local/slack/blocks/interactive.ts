import type { InputBlock, KnownBlock, Option, PlainTextElement } from "@slack/types";
import { shortId } from "../state/clock.ts";

/** An element a person can use, whatever its kind; the checks have been made before. */
export interface UsableElement {
  readonly type: string;
  readonly action_id: string;
  readonly text?: PlainTextElement;
  readonly value?: string;
  readonly url?: string;
  readonly style?: string;
  readonly icon?: string;
  readonly options?: readonly Option[];
  readonly option_groups?: readonly { readonly options: readonly Option[] }[];
  readonly min_length?: number;
  readonly max_length?: number;
  readonly min_value?: string;
  readonly max_value?: string;
  readonly is_decimal_allowed?: boolean;
  readonly [initial: `initial_${string}`]: unknown;
}

/** A usable element and where it stands. */
export interface Place {
  readonly block_id: string;
  readonly element: UsableElement;
  /** The input block around it, if it is one. */
  readonly input?: InputBlock;
}

type Elements = readonly { type: string; action_id?: string }[];

const STATIC = new Set(["image", "plain_text", "mrkdwn"]);

const elementsOf = (block: KnownBlock): Elements => {
  if (block.type === "section") return block.accessory === undefined ? [] : [block.accessory];
  if (block.type === "input") return [block.element];
  if (block.type === "actions" || block.type === "context_actions") return block.elements;
  return [];
};

/** Gives the blocks, and the elements a person can use, the ids they lack; Slack does the same. */
export function nameBlocks(blocks: readonly KnownBlock[]): KnownBlock[] {
  for (const block of blocks) {
    block.block_id ??= shortId();
    for (const element of elementsOf(block)) if (!STATIC.has(element.type)) element.action_id ??= shortId();
  }
  return [...blocks];
}

/** Every element of these blocks that a person can use, in reading order. */
export function places(blocks: readonly KnownBlock[]): Place[] {
  return blocks.flatMap((block) =>
    elementsOf(block)
      .filter((element) => !STATIC.has(element.type))
      .map((element) => ({
        block_id: block.block_id ?? "",
        element: element as UsableElement,
        ...(block.type === "input" ? { input: block } : {}),
      })),
  );
}

/** The options of an element, of all its groups. */
export const optionsOf = (element: UsableElement): readonly Option[] =>
  element.options ?? element.option_groups?.flatMap((group) => group.options) ?? [];
