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

/** One entry of `webhooks:`: somebody outside of Slack who can be told. */
export const Webhook = z.discriminatedUnion("kind", [JsonHook, PagerDuty, Opsgenie, Smtp]);
export type Webhook = z.infer<typeof Webhook>;

/** The other side knows a message it has had: what may have arrived can be sent again. */
export const isKeyed = ({ kind }: Webhook): boolean => kind === "pagerduty" || kind === "opsgenie";

/** It hears that somebody answered, and that it is over; a mail would only be one more. */
export const hearsEnds = ({ kind }: Webhook): boolean => kind !== "smtp";

/** What must not be shown. */
export function secretsOfWebhook(webhook: Webhook): string[] {
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
