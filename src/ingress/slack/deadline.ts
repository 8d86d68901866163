import { inTime } from "../../lib/deadline.ts";

/** Slack shows its user an error after 3 s; what is on the wire counts. */
export const ACK_MS = 2_500;

export type InTime<T> = { readonly inTime: true; readonly value: T } | { readonly inTime: false };

/** The value if it comes within `ms`. The work goes on in any case. */
export async function within<T>(work: Promise<T>, ms = ACK_MS): Promise<InTime<T>> {
  const came = await inTime(work, { ms });
  if (came.state === "failed") throw came.error;
  return came.state === "done" ? { inTime: true, value: came.value } : { inTime: false };
}
