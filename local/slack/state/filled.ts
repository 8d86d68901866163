import { stateOf } from "../blocks/values.ts";
import type { LocalMessage, LocalValue, LocalValues } from "../types.ts";

const keyOf = (user: string, message: LocalMessage) => `${user} ${message.channel} ${message.ts}`;

/** What each person put into the inputs and menus of messages; nobody else sees it until it is sent. */
export class Filled {
  private readonly all = new Map<string, LocalValues>();

  fill(user: string, message: LocalMessage, blockId: string, actionId: string, value: LocalValue): void {
    const before = this.all.get(keyOf(user, message)) ?? {};
    this.all.set(keyOf(user, message), { ...before, [blockId]: { ...before[blockId], [actionId]: value } });
  }

  /** `state.values` of a message as this person left it. */
  of(user: string, message: LocalMessage): LocalValues {
    return stateOf(message.blocks ?? [], this.all.get(keyOf(user, message)) ?? {});
  }
}
