import type { ShownMessage } from "../../core/ports/message-store.ts";
import type { WantedMessage } from "../wanted.ts";
import type { Failure } from "./classify.ts";
import type { CallResult, Place, SeenMessage, SlackCalls } from "./slack-calls.ts";

/** More pages than a thread or the seconds around a post can fill. */
const MOST_PAGES = 20;

export interface Sought {
  readonly place: Place;
  readonly key: string;
  readonly wanted: WantedMessage;
  readonly shown: ShownMessage;
}

export type Found = { readonly ts: string; readonly digest: string };

/** Looks in Slack for a post whose answer we never saw. `undefined`: it is not there (yet). The oldest one counts. */
export async function findPosted(
  slack: SlackCalls,
  self: Identity,
  sought: Sought,
  clockSkewMs: number,
): Promise<CallResult<Found | undefined>> {
  const mine = await self.get(slack);
  if (mine.kind !== "ok") return mine;
  const oldest = ((sought.shown.intentAt.getTime() - clockSkewMs) / 1000).toFixed(6);
  const found: Found[] = [];
  let cursor: string | undefined;
  for (let page = 0; page < MOST_PAGES; page++) {
    const answer = await slack.read(sought.place, oldest, cursor);
    if (answer.kind !== "ok") return answer;
    const ours = answer.value.messages.filter((message) => mine.value.wrote(message));
    found.push(...ours.flatMap((message) => match(message, sought)));
    cursor = answer.value.next;
    if (cursor === undefined) break;
  }
  found.sort((a, b) => (a.ts < b.ts ? -1 : 1));
  return { kind: "ok", value: found[0] };
}

/** A message is known by its metadata, a file by its name, which is unique in the thread. */
function match(message: SeenMessage, { key, wanted, shown }: Sought): Found[] {
  // A file that Slack did not take was posted as a message.
  if (message.key === key) return [{ ts: message.ts, digest: message.digest ?? "" }];
  if (wanted.kind === "message") return [];
  const file = message.files.find(({ name }) => name === wanted.file?.name);
  return file === undefined ? [] : [{ ts: file.id, digest: shown.digest }];
}

export interface Self {
  wrote(message: SeenMessage): boolean;
  /** Address of the workspace. */
  readonly url: string | undefined;
}

/** Who we are, asked once: metadata can be copied by other apps, the author cannot. */
export class Identity {
  private known: Self | undefined;

  async get(slack: SlackCalls): Promise<{ kind: "ok"; value: Self } | Failure> {
    if (this.known !== undefined) return { kind: "ok", value: this.known };
    const answer = await slack.identity();
    if (answer.kind !== "ok") return answer;
    const { botId, user, url } = answer.value;
    this.known = {
      url,
      wrote: (message) =>
        (botId !== undefined && message.botId === botId) || (user !== undefined && message.user === user),
    };
    return { kind: "ok", value: this.known };
  }
}
