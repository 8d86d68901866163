import { parse } from "node:querystring";
import { z } from "zod";

/** What every request of Slack is: an object. The app it is for is named in all but the checks of an address. */
const Payload = z.looseObject({ api_app_id: z.string().optional() });
export type Payload = z.infer<typeof Payload>;

/** The payload of a request's body, as Bolt will read it. Undefined: nothing Slack sends. */
export function payloadOf(contentType: string | undefined, body: Buffer): Payload | undefined {
  const text = body.toString("utf8");
  const isForm = contentType === "application/x-www-form-urlencoded";
  const form = isForm ? parse(text) : undefined;
  if (form !== undefined && form.payload === undefined) return asPayload({ ...form });
  const json = form === undefined ? text : form.payload;
  if (typeof json !== "string") return undefined;
  try {
    return asPayload(JSON.parse(json));
  } catch {
    return undefined;
  }
}

/** Undefined: not an object, or one that names its app in an odd way. */
export const asPayload = (value: unknown): Payload | undefined => Payload.safeParse(value).data;

/**
 * Signature and socket prove that a request is for the app whose secrets we hold; where it names another one, the secrets
 * are shared by several apps and the request is not for us.
 */
export const isForApp = ({ api_app_id: named }: Payload, app: string | undefined): boolean =>
  named === undefined || app === undefined || named === app;
