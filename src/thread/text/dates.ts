const seconds = (date: Date): number => Math.floor(date.getTime() / 1000);

/** `14:03 UTC`, for code blocks and fallbacks. */
export const clock = (date: Date): string => `${iso(date).slice(11, 16)} UTC`;

/** `2026-11-22 14:03:07Z`: what stands in files. */
export const stamp = (date: Date): string => `${iso(date).slice(0, 19).replace("T", " ")}Z`;

/** `11-22 14:03`: narrow column of a table. */
export const shortStamp = (date: Date): string => iso(date).slice(5, 16).replace("T", " ");

/** The reader's own time of day, or the UTC time where Slack cannot say it. mrkdwn. */
export const at = (date: Date): string => token(date, "{time}", clock(date));

/** Day and time in the reader's zone. mrkdwn. */
export const on = (date: Date): string => token(date, "{date_short_pretty} {time}", stamp(date));

const token = (date: Date, format: string, fallback: string): string =>
  Number.isFinite(date.getTime()) ? `<!date^${seconds(date)}^${format}|${fallback}>` : "unknown time";

// Rows from outside may hold dates beyond what Date can say.
const iso = (date: Date): string =>
  Number.isFinite(date.getTime()) ? date.toISOString() : "0000-00-00T00:00:00Z";
