import type { IncomingMessage, ServerResponse } from "node:http";
import { z } from "zod";
import type { Backstage } from "../backstage.ts";
import { SlackError } from "../errors.ts";
import { content, post, said } from "../post.ts";
import type { ResponseTarget } from "../state/response-urls.ts";
import type { LocalMessage } from "../types.ts";
import { readBody } from "./body.ts";
import { json } from "./reply.ts";

const LARGEST = 1_000_000;

const sent = z.object({
  text: content.text,
  blocks: content.blocks,
  response_type: z.enum(["ephemeral", "in_channel"]).optional(),
  replace_original: z.boolean().optional(),
  delete_original: z.boolean().optional(),
  thread_ts: z.string().optional(),
});
type Sent = z.output<typeof sent>;

const sayAgain = (backstage: Backstage, target: ResponseTarget, given: Sent): void => {
  const { text, blocks, response_type, thread_ts } = given;
  // Without replace_original:false an answer to a button in a thread lands in the channel, as in Slack.
  const thread = thread_ts ?? (given.replace_original === false ? target.thread : undefined);
  const what = said({ ...(text === undefined ? {} : { text }), ...(blocks === undefined ? {} : { blocks }) });
  post(backstage, backstage.workspace.directory.channel(target.channel), what, {
    ...(thread === undefined ? {} : { thread_ts: thread }),
    ...(response_type === "in_channel" ? {} : { ephemeralFor: target.user }),
  });
};

const replace = (backstage: Backstage, original: LocalMessage, { text, blocks }: Sent): void => {
  const { blocks: _, text: __, ...bare } = original;
  const given = { ...(text === undefined ? {} : { text }), ...(blocks === undefined ? {} : { blocks }) };
  backstage.workspace.messages.put({ ...bare, ...said(given) });
};

const apply = (backstage: Backstage, target: ResponseTarget, given: Sent): void => {
  const { messages } = backstage.workspace;
  const original = target.ts === undefined ? undefined : messages.find(target.channel, target.ts);
  if (given.delete_original === true && original !== undefined)
    messages.remove(original.channel, original.ts);
  else if (given.replace_original === true && original !== undefined) replace(backstage, original, given);
  else sayAgain(backstage, target, given);
};

/** A response_url: `ok` as text, 404 once it is used up or too old, 400 for what Slack would not show. */
export async function takeResponse(
  backstage: Backstage,
  key: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const body = (await readBody(request, LARGEST)).toString();
  const use = backstage.workspace.responses.use(key);
  if ("error" in use) return json(response, 404, { ok: false, error: use.error });
  try {
    apply(backstage, use.target, sent.parse(JSON.parse(body)));
    json(response, 200, { ok: true });
  } catch (error) {
    const code = error instanceof SlackError ? error.code : "invalid_payload";
    json(response, 400, { ok: false, error: code });
  }
}
