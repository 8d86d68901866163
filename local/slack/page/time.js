const seconds = (ts) => Number(ts) * 1000;
const clock = new Intl.DateTimeFormat("en-US", { hour: "numeric", minute: "2-digit" });
const long = new Intl.DateTimeFormat("en-US", { weekday: "long", month: "long", day: "numeric" });
const full = new Intl.DateTimeFormat("en-US", { dateStyle: "long", timeStyle: "medium" });

/** `3:24 PM`. */
export const timeOf = (ts) => clock.format(seconds(ts));
/** The moment in full, for a tooltip. */
export const momentOf = (ts) => full.format(seconds(ts));
/** A key that is the same for all moments of a day here. */
export const dayOf = (ts) => new Date(seconds(ts)).toDateString();

/** `Today`, `Yesterday`, or the day. */
export function dayName(ts) {
  const day = dayOf(ts);
  if (day === new Date().toDateString()) return "Today";
  if (day === new Date(Date.now() - 86_400_000).toDateString()) return "Yesterday";
  return long.format(seconds(ts));
}

/** `today at 3:24 PM`. */
export const whenOf = (ts) =>
  `${dayName(ts).toLowerCase() === "today" ? "today" : dayName(ts)} at ${timeOf(ts)}`;

/** `just now`, `5 minutes ago`, `2 hours ago`, or the day. */
export function agoOf(ts) {
  const minutes = Math.floor((Date.now() - seconds(ts)) / 60_000);
  if (minutes < 1) return "just now";
  if (minutes < 60) return `${minutes} minute${minutes === 1 ? "" : "s"} ago`;
  return dayName(ts) === "Today" ? `today at ${timeOf(ts)}` : whenOf(ts);
}

const TOKENS = {
  date_num: { year: "numeric", month: "2-digit", day: "2-digit" },
  date: { dateStyle: "long" },
  date_short: { dateStyle: "medium" },
  date_long: { dateStyle: "full" },
  time: { timeStyle: "short" },
  time_secs: { timeStyle: "medium" },
};

/** The text of `<!date^…>`: its `{tokens}` in the reader's own time zone. */
export function dateText({ seconds: at, format, fallback }) {
  if (!Number.isFinite(at)) return fallback;
  return format.replace(/\{(\w+)\}/g, (whole, token) => {
    if (token === "ago") return agoOf(at);
    const name = token.replace(/_pretty$/, "");
    if (token.endsWith("_pretty") && dayName(at) !== long.format(at * 1000)) return dayName(at).toLowerCase();
    return TOKENS[name] === undefined
      ? whole
      : new Intl.DateTimeFormat("en-US", TOKENS[name]).format(at * 1000);
  });
}
