import { z } from "zod";
import { asPayload, isForApp } from "./payload.ts";

/** Words the library uses for its own news: an event of such a name would be taken for one of them. */
const OWN_WORDS = new Set([
  ...[
    "error",
    "close",
    "connecting",
    "connected",
    "authenticated",
    "reconnecting",
    "disconnecting",
    "disconnected",
  ],
  ...["ws_message", "slack_event", "hello", "disconnect"],
]);

const Event = z.looseObject({ type: z.string().refine((type) => !OWN_WORDS.has(type)) });
const Frame = z.discriminatedUnion("type", [
  z.looseObject({ type: z.literal("hello") }),
  z.looseObject({ type: z.literal("disconnect") }),
  z.looseObject({
    type: z.enum(["slash_commands", "interactive"]),
    envelope_id: z.string(),
    payload: z.looseObject({}),
  }),
  z.looseObject({
    type: z.literal("events_api"),
    envelope_id: z.string(),
    payload: z.looseObject({ event: Event }),
  }),
]);

/** Whether a frame of a socket is one of Slack's, and for this app: the library trips over anything else. */
export function isSlacksFrame(data: unknown, app: string | undefined): boolean {
  const frame = Frame.safeParse(parseJson(String(data)));
  if (!frame.success) return false;
  if (!("payload" in frame.data)) return true;
  const payload = asPayload(frame.data.payload);
  return payload !== undefined && isForApp(payload, app);
}

const Hello = z.object({ type: z.literal("hello"), num_connections: z.int().positive() });

/** How many connections Slack holds for the app, this one included, as its first frame says; undefined: another frame. */
export const connectionsIn = (data: unknown): number | undefined =>
  Hello.safeParse(parseJson(String(data))).data?.num_connections;

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
