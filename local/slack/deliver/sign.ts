import { createHmac } from "node:crypto";

/** Slack's signature (v0) of a request body, as the two headers it travels in. `at` is in seconds. */
export function signed(body: string, secret: string, at: number): Record<string, string> {
  const mac = createHmac("sha256", secret).update(`v0:${at}:${body}`).digest("hex");
  return { "x-slack-request-timestamp": String(at), "x-slack-signature": `v0=${mac}` };
}
