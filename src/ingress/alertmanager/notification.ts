import { setImmediate as breathe } from "node:timers/promises";
import { z } from "zod";
import { type Alert, Notification } from "../../core/words/alert.ts";
import { DiagError } from "../../core/words/errors.ts";
import { count } from "../../core/words/format.ts";
import { sha256 } from "../../lib/sha256.ts";
import { storable } from "../../lib/storable.ts";
import { bounded, complaintsOf, type Note, readAlert, shorten } from "./read-alert.ts";
import { asVersion4, otherSender, SEND_THIS } from "./sender.ts";

/** Alerts checked at a time: 6,000 at once would hold up every other request. */
const BATCH = 250;
/** More of one group say nothing that these do not, and one transaction must take them all. */
const MOST_ALERTS = 10_000;
const TEXT_LIMIT = 8_192;
const MOST_NOTES = 20;
/** Counts are kept as int4. */
const MOST_COUNTED = 2_147_483_647;

const Envelope = Notification.extend({
  alerts: z.array(z.unknown()).min(1),
  truncatedAlerts: z.number().or(z.literal(Number.POSITIVE_INFINITY)).default(0),
});

/** A notification as it can be stored, and what of it was changed or left out. */
export interface ReadNotification {
  readonly notification: Notification;
  readonly notes: readonly string[];
}

/**
 * A version 4 notification of Alertmanager, or Grafana's own, which is made one. Members we do not know are left out, and alerts that cannot be understood count as not shown.
 * Throws `bad_notification` with the place and reason where nothing can be understood.
 */
export async function parseNotification(body: string): Promise<ReadNotification> {
  const sent = parseJson(body);
  const refusal = otherSender(sent);
  if (refusal !== undefined) throw refusal;
  const envelope = Envelope.safeParse(asVersion4(sent));
  if (!envelope.success) throw refused(complaintsOf(envelope.error, "body"));
  const notes: string[] = [];
  let unsaid = 0;
  const note: Note = (text) => (notes.length < MOST_NOTES ? void notes.push(text) : void unsaid++);
  const given = envelope.data.alerts;
  const alerts: Alert[] = [];
  for (let at = 0; at < Math.min(given.length, MOST_ALERTS); at++) {
    const alert = readAlert(given[at], `alerts.${at}`, note);
    if (alert !== undefined) alerts.push(alert);
    if (at % BATCH === BATCH - 1) await breathe();
  }
  if (alerts.length === 0) throw refused(notes.slice(0, 5).join("; "));
  if (given.length > MOST_ALERTS) note(`alerts: ${given.length - MOST_ALERTS} more left out`);
  const truncatedAlerts = counted(envelope.data.truncatedAlerts, note) + given.length - alerts.length;
  const { receiver, externalURL, groupLabels, commonLabels, commonAnnotations } = envelope.data;
  return {
    notification: {
      ...envelope.data,
      receiver: shorten(receiver),
      externalURL: shorten(externalURL),
      groupLabels: bounded(groupLabels, "groupLabels", note),
      commonLabels: bounded(commonLabels, "commonLabels", note),
      commonAnnotations: bounded(commonAnnotations, "commonAnnotations", note),
      groupKey: shortKey(envelope.data.groupKey),
      truncatedAlerts: Math.min(MOST_COUNTED, truncatedAlerts),
      alerts,
    },
    notes: unsaid === 0 ? notes : [...notes, `and ${count(unsaid, "more note")}`],
  };
}

const refused = (why: string): DiagError => new DiagError("bad_notification", why, { hint: SEND_THIS });

function parseJson(body: string): unknown {
  // Some scripts write the mark of a text's byte order before it.
  const text = body.startsWith("\ufeff") ? body.slice(1) : body;
  if (text.trim() === "") throw refused("the body is empty");
  try {
    return JSON.parse(text);
  } catch {
    if (/^[\w.%+-]{1,80}=/.test(text))
      throw refused("the body is a form (application/x-www-form-urlencoded) and no JSON");
    throw refused("the body is not JSON");
  }
}

function counted(given: number, note: Note): number {
  const kept = Math.trunc(Math.min(MOST_COUNTED, Math.max(0, given)));
  if (kept !== given) note(`truncatedAlerts: ${given} is kept as ${kept}`);
  return kept;
}

/** A long key is cut, but still no other group's. */
const shortKey = (key: string): string => {
  const text = storable(key);
  return text.length <= TEXT_LIMIT ? text : `${text.slice(0, TEXT_LIMIT)}… sha256:${sha256(text)}`;
};
