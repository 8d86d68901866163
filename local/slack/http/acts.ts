import type { IncomingMessage, ServerResponse } from "node:http";
import { z } from "zod";
import type { Backstage } from "../backstage.ts";
import { PersonSees, SlackError } from "../errors.ts";
import { act } from "../person/act.ts";
import { command } from "../person/command.ts";
import { suggest } from "../person/suggest.ts";
import { messageSurface, viewSurface } from "../person/surface.ts";
import { openHome, say } from "../person/talk.ts";
import { close, submit } from "../person/view.ts";
import { readBody } from "./body.ts";
import { json, plain } from "./reply.ts";

const LARGEST = 200_000;

const input = z.union([z.string(), z.number(), z.null(), z.array(z.string())]);
const user = z.string();
const at = z.object({ channel: z.string(), ts: z.string() }).optional();
const element = { user, at, actionId: z.string(), blockId: z.string() };

const surfaceOf = (backstage: Backstage, given: { user: string; at?: z.output<typeof at> }) =>
  given.at === undefined
    ? viewSurface(backstage.workspace, given.user)
    : messageSurface(backstage.workspace, given.user, given.at);

const deed =
  <S extends z.ZodType>(schema: S, run: (backstage: Backstage, given: z.output<S>) => Promise<unknown>) =>
  (backstage: Backstage, given: unknown) =>
    run(backstage, schema.parse(given));

/** What the page can do for a person, each the same as in `LocalSlack`. */
const deeds: Readonly<Record<string, (backstage: Backstage, given: unknown) => Promise<unknown>>> = {
  command: deed(
    z.object({ user, channel: z.string(), name: z.string(), text: z.string() }),
    (backstage, given) => command(backstage, given.user, given.channel, given.name, given.text),
  ),
  say: deed(
    z.object({ user, channel: z.string(), text: z.string().min(1), thread: z.string().optional() }),
    (backstage, given) => say(backstage, given.user, given.channel, given.text, given.thread),
  ),
  act: deed(z.object({ ...element, input: input.optional() }), (backstage, given) =>
    act(backstage, given.user, surfaceOf(backstage, given), given),
  ),
  suggest: deed(z.object({ ...element, text: z.string() }), (backstage, given) =>
    suggest(backstage, given.user, surfaceOf(backstage, given), given, given.text),
  ),
  submit: deed(
    z.object({ user, form: z.record(z.string(), z.record(z.string(), input)) }),
    (backstage, given) => submit(backstage, given.user, given.form),
  ),
  close: deed(z.object({ user, all: z.boolean() }), (backstage, given) =>
    close(backstage, given.user, given.all),
  ),
  home: deed(z.object({ user }), (backstage, given) => openHome(backstage, given.user)),
  complete: deed(z.object({ text: z.string() }), async ({ settings }, given) =>
    settings.complete(given.text),
  ),
};

/** `POST /_page/<deed>`: `{ ok: true, result }`, or `{ ok: false, error }` with the word Slack would show. */
export async function takeDeed(
  backstage: Backstage,
  name: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const run = deeds[name];
  if (run === undefined) return plain(response, 404, "no such deed");
  try {
    const given: unknown = JSON.parse((await readBody(request, LARGEST)).toString());
    json(response, 200, { ok: true, result: (await run(backstage, given)) ?? null });
  } catch (error) {
    const word =
      error instanceof PersonSees || error instanceof SlackError ? error.code : (error as Error).message;
    json(response, 200, { ok: false, error: word });
  }
}

/** `POST /_panel/<id>`: presses one button of the panel. */
export async function pressPanel({ panel }: Backstage, id: string, response: ServerResponse): Promise<void> {
  const answer = await panel.press(id);
  if (answer === undefined) plain(response, 404, "there is no panel");
  else json(response, 200, answer);
}
