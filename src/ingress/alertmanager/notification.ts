import { setImmediate as breathe } from "node:timers/promises";
import { z } from "zod";
import { Alert, Notification } from "../../core/alert.ts";
import { DiagError } from "../../core/errors.ts";
import { clip } from "../../core/format.ts";
import { storableDeep } from "../../lib/storable.ts";

/** Alerts checked at a time: 6,000 at once would hold up every other request. */
const BATCH = 250;
const ANNOTATION_LIMIT = 8_192;

const Envelope = Notification.extend({ alerts: z.array(z.unknown()).min(1) });

/** A version 4 notification. Members we do not know are left out. Throws `bad_notification` with the place and reason. */
export async function parseNotification(body: string): Promise<Notification> {
  const envelope = Envelope.safeParse(parseJson(body));
  if (!envelope.success) throw refuse(envelope.error, []);
  const alerts: Alert[] = [];
  for (let start = 0; start < envelope.data.alerts.length; start += BATCH) {
    const batch = z.array(Alert).safeParse(envelope.data.alerts.slice(start, start + BATCH));
    if (!batch.success) throw refuse(batch.error, ["alerts"], start);
    for (const alert of batch.data) alerts.push(storableDeep(shorten(alert)));
    await breathe();
  }
  return { ...storableDeep({ ...envelope.data, alerts: [] }), alerts };
}

function parseJson(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    throw new DiagError("bad_notification", "the body is not JSON");
  }
}

const shorten = (alert: Alert): Alert => ({
  ...alert,
  annotations: Object.fromEntries(
    Object.entries(alert.annotations).map(([name, value]) => [
      name,
      value.length > ANNOTATION_LIMIT ? clip(value.slice(0, ANNOTATION_LIMIT * 2), ANNOTATION_LIMIT) : value,
    ]),
  ),
});

function refuse(error: z.ZodError, prefix: readonly string[], offset = 0): DiagError {
  const issues = error.issues.slice(0, 5).map(({ path, message }) => {
    const [first, ...rest] = path;
    const at = prefix.length > 0 && typeof first === "number" ? [first + offset, ...rest] : path;
    const place = [...prefix, ...at].map(String).join(".");
    return `${place === "" ? "body" : place.slice(0, 200)}: ${message}`;
  });
  return new DiagError("bad_notification", issues.join("; "));
}
