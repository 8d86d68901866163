import { z } from "zod";

const secret = z.string().min(1).max(500);
const url = z
  .string()
  .max(1_000)
  .refine((text) => URL.canParse(text) && /^https?:$/.test(new URL(text).protocol), "an http(s) address");
const mail = z
  .string()
  .max(254)
  .regex(/^[^\s@<>,;"]+@[^\s@<>,;"]+$/, "a mail address without a name: ops@example.com");

/** JSON to any address: signed (`hmac`) or with a bearer token. */
const JsonHook = z
  .strictObject({
    kind: z.literal("json"),
    url,
    bearer: secret.optional(),
    /** Of at least 16 characters; see docs/escalation.md for what is signed. */
    hmac: secret.min(16, "at least 16 characters: openssl rand -hex 32").optional(),
  })
  .refine(({ bearer, hmac }) => bearer !== undefined || hmac !== undefined, "needs `hmac` or `bearer`");

/** PagerDuty's Events API v2, or what speaks it. */
const PagerDuty = z.strictObject({
  kind: z.literal("pagerduty"),
  routingKey: secret,
  url: url.default("https://events.pagerduty.com/v2/enqueue"),
});

/** Opsgenie's alert API, or what speaks it (Jira Service Management); `url` ends with /v2/alerts. */
const Opsgenie = z.strictObject({
  kind: z.literal("opsgenie"),
  apiKey: secret,
  url: url.default("https://api.opsgenie.com/v2/alerts"),
});

/** Mail through an SMTP server: `smtps://user:password@mail:465`, or `smtp://` with STARTTLS where it is offered. */
const Smtp = z.strictObject({
  kind: z.literal("smtp"),
  url: z
    .string()
    .max(1_000)
    .refine((text) => URL.canParse(text) && /^smtps?:$/.test(new URL(text).protocol), "smtp:// or smtps://"),
  from: mail,
  to: z.array(mail).min(1).max(20),
});

/** What may stand in the body of a ticket as `{word}`. */
export const TICKET_WORDS = [
  "title",
  "system",
  "severity",
  "because",
  "text",
  "record",
  "incident",
  "key",
  "link",
] as const;
export type TicketWord = (typeof TICKET_WORDS)[number];
const KNOWN_WORD = /\{([a-z]+)\}/g;
const unknownWords = (template: unknown, more: readonly string[] = []): string[] =>
  [...JSON.stringify(template ?? null).matchAll(KNOWN_WORD)]
    .map(([, name = ""]) => name)
    .filter((name) => ![...TICKET_WORDS, ...more].includes(name));
const template = z
  .record(z.string(), z.json())
  .refine((body) => JSON.stringify(body).length <= 20_000, "at most 20,000 characters")
  .refine((body) => unknownWords(body).length === 0, {
    error: ({ input }) => `without {${unknownWords(input)[0]}}; known: ${TICKET_WORDS.join(", ")}`,
  });
/** An address in which `{id}` is the ticket. */
const aboutTicket = z
  .string()
  .max(1_000)
  .refine((text) => text.includes("{id}"), "an address with {id}")
  .refine(
    (text) => /^https?:\/\//.test(text) && URL.canParse(text.replace("{id}", "1")),
    "an http(s) address",
  );

/** Opens a ticket in whatever takes JSON (Jira, GitHub, ServiceNow, Zendesk), and keeps its number. */
const TicketHook = z.strictObject({
  kind: z.literal("ticket"),
  url,
  /** Secrets: `authorization` and the like. */
  headers: z
    .record(z.string().regex(/^[A-Za-z0-9-]{1,60}$/, "the name of a header"), secret)
    .refine((headers) => Object.keys(headers).length <= 10, "at most 10 headers"),
  /** What is sent; `{title}` and the other words are filled in. */
  body: template,
  /** The path of its number in the answer: `key`, `result.number`. */
  id: z.string().min(1).max(200),
  /** Where people find it. */
  link: aboutTicket.optional(),
  /** What it is told when somebody has answered, and when it is over. Absent: nothing. */
  update: z
    .strictObject({
      url: aboutTicket,
      method: z.enum(["POST", "PATCH", "PUT"]).default("POST"),
      body: template,
    })
    .optional(),
});

/** One entry of `webhooks:`: somebody outside of Slack who can be told. */
export const Webhook = z.discriminatedUnion("kind", [JsonHook, PagerDuty, Opsgenie, Smtp, TicketHook]);
export type Webhook = z.infer<typeof Webhook>;

/** The other side knows a message it has had: what may have arrived can be sent again. */
export const isKeyed = ({ kind }: Webhook): boolean => kind === "pagerduty" || kind === "opsgenie";

/** It hears that somebody answered, and that it is over; a mail would only be one more. */
export const hearsEnds = (webhook: Webhook): boolean =>
  webhook.kind === "ticket" ? webhook.update !== undefined : webhook.kind !== "smtp";

/** What must not be shown. */
export function secretsOfWebhook(webhook: Webhook): string[] {
  if (webhook.kind === "ticket") return Object.values(webhook.headers);
  const values =
    webhook.kind === "json"
      ? [webhook.bearer, webhook.hmac]
      : webhook.kind === "pagerduty"
        ? [webhook.routingKey]
        : webhook.kind === "opsgenie"
          ? [webhook.apiKey]
          : [];
  return values.filter((value): value is string => value !== undefined);
}
