/** At most `limit` UTF-16 units, which is what Slack counts; no character is cut in two. */
export const cut = (text: string, limit: number): string =>
  text.length <= limit
    ? text
    : `${text
        .slice(0, limit - 1)
        .replace(/\p{Surrogate}/gu, "\ufffd")
        .replace(/\ufffd$/, "")}…`;
