import { SlackError } from "../errors.ts";
import type { LocalMessage } from "../types.ts";
import type { Changes } from "./changes.ts";

interface Stored {
  readonly message: LocalMessage;
  readonly revision: number;
}

const isRoot = (message: LocalMessage) => message.thread_ts === undefined || message.thread_ts === message.ts;

/** All messages, per conversation in order of their ts. */
export class Messages {
  private readonly rooms = new Map<string, Map<string, Stored>>();
  private readonly gone: { readonly channel: string; readonly ts: string; readonly revision: number }[] = [];
  private readonly changes: Changes;

  constructor(changes: Changes) {
    this.changes = changes;
  }

  /** Stores a new message, or a newer state of one. */
  put(message: LocalMessage): LocalMessage {
    const room = this.rooms.get(message.channel) ?? new Map<string, Stored>();
    this.rooms.set(message.channel, room);
    // Stored before anyone is told, with the revision that telling will have.
    room.set(message.ts, { message, revision: this.changes.revision + 1 });
    this.changes.touch();
    return message;
  }

  remove(channel: string, ts: string): void {
    if (this.rooms.get(channel)?.delete(ts) !== true) return;
    this.gone.push({ channel, ts, revision: this.changes.revision + 1 });
    this.changes.touch();
  }

  find(channel: string, ts: string): LocalMessage | undefined {
    return this.rooms.get(channel)?.get(ts)?.message;
  }

  /** A message everybody can see. Throws `message_not_found`, also for one only a single person sees. */
  public(channel: string, ts: string): LocalMessage {
    const message = this.find(channel, ts);
    if (message === undefined || message.ephemeralFor !== undefined)
      throw new SlackError("message_not_found");
    return message;
  }

  private visible(channel: string): LocalMessage[] {
    const all = [...(this.rooms.get(channel)?.values() ?? [])].map((stored) => stored.message);
    return all.filter((message) => message.ephemeralFor === undefined);
  }

  /** What the channel itself shows: no replies, unless they were broadcast. */
  channel(channel: string): LocalMessage[] {
    return this.visible(channel).filter(
      (message) => isRoot(message) || message.subtype === "thread_broadcast",
    );
  }

  /** Replies of a thread, without its root. */
  replies(channel: string, ts: string): LocalMessage[] {
    return this.visible(channel).filter((message) => message.thread_ts === ts && message.ts !== ts);
  }

  /** What only this person sees, in every conversation. */
  ephemerals(user: string): LocalMessage[] {
    const all = [...this.rooms.values()].flatMap((room) =>
      [...room.values()].map((stored) => stored.message),
    );
    return all.filter((message) => message.ephemeralFor === user);
  }

  /** Everything that changed after a revision; for the page. */
  since(revision: number) {
    const stored = [...this.rooms.values()].flatMap((room) => [...room.values()]);
    return {
      messages: stored.filter((each) => each.revision > revision).map((each) => each.message),
      removed: this.gone
        .filter((each) => each.revision > revision)
        .map(({ channel, ts }) => ({ channel, ts })),
    };
  }
}
