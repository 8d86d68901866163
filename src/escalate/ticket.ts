import type { Told } from "../core/ports/escalation-store.ts";
import { DiagError } from "../core/words/errors.ts";
import type { Ticket } from "../core/words/escalation.ts";
import { clip } from "../core/words/format.ts";
import type { Json } from "../core/words/json.ts";
import type { TicketWord, Webhook } from "../core/words/webhook.ts";
import { clean } from "../lib/clean.ts";
import type { HookRequest } from "./http.ts";
import { type News, textOf } from "./news.ts";

export type TicketHook = Extract<Webhook, { kind: "ticket" }>;

/** Characters of the record that a ticket holds: most trackers take 32,767. */
const LONGEST_RECORD = 25_000;
const LONGEST_ID = 100;

/** What is sent to open one, or to say at one that somebody has answered or that it is over; pure. Throws without its number. */
export function ticketRequest(hook: TicketHook, news: News): HookRequest & { readonly method: string } {
  const headers = { "content-type": "application/json", accept: "application/json", ...hook.headers };
  const words = wordsOf(news);
  if (news.event === "trigger")
    return { url: hook.url, method: "POST", headers, body: JSON.stringify(filled(hook.body, words)) };
  if (hook.update === undefined || news.ticket === undefined)
    throw new DiagError("target_refused", "its number is not known: nothing was sent");
  const { url, method, body } = hook.update;
  return { url: at(url, news.ticket.id), method, headers, body: JSON.stringify(filled(body, words)) };
}

const at = (address: string, id: string): string => address.replaceAll("{id}", encodeURIComponent(id));

function wordsOf(news: News): Readonly<Record<TicketWord, string>> {
  const { title, system, severity, because, incident, key, link, record } = news;
  return {
    ...{ title, system, severity, because, key },
    text: textOf(news),
    record: clip(record ?? textOf(news), LONGEST_RECORD),
    incident: String(incident),
    link: link ?? "",
  };
}

/** Words are put into texts of the template only, so that none of them becomes JSON. */
function filled(template: Json, words: Readonly<Record<string, string>>): Json {
  if (typeof template === "string")
    return template.replace(/\{([a-z]+)\}/g, (whole, name: string) => words[name] ?? whole);
  if (Array.isArray(template)) return template.map((one) => filled(one, words));
  if (typeof template !== "object" || template === null) return template;
  return Object.fromEntries(Object.entries(template).map(([key, value]) => [key, filled(value, words)]));
}

/** What was opened, by the answer. One without a number may have been opened all the same: nobody opens a second. */
export function openedBy(hook: TicketHook, told: Told, answer: string): Told {
  if (told.state !== "sent") return told;
  const id = numberIn(answer, hook.id);
  if (id === undefined) return { state: "unknown", said: `${told.said.slice(0, 100)}; no ${hook.id} in it` };
  const ticket: Ticket = { id, ...(hook.link === undefined ? {} : { link: at(hook.link, id) }) };
  return { state: "sent", said: `opened ${id}`, ticket };
}

function numberIn(answer: string, path: string): string | undefined {
  let value: unknown;
  try {
    value = JSON.parse(answer);
  } catch {
    return undefined;
  }
  for (const name of path.split("."))
    value = typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined;
  if (typeof value !== "string" && typeof value !== "number") return undefined;
  const id = clean(String(value)).trim();
  return id === "" || id.length > LONGEST_ID ? undefined : id;
}
