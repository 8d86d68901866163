/** Slack shows its user an error after 3 s; what is on the wire counts. */
export const ACK_MS = 2_500;

export type InTime<T> = { readonly inTime: true; readonly value: T } | { readonly inTime: false };

/** The value if it comes within `ms`. The work goes on in any case. */
export async function within<T>(work: Promise<T>, ms = ACK_MS): Promise<InTime<T>> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<InTime<T>>((resolve) => {
    timer = setTimeout(() => resolve({ inTime: false }), ms);
  });
  try {
    return await Promise.race([work.then((value) => ({ inTime: true as const, value })), late]);
  } finally {
    clearTimeout(timer);
  }
}
