/** What `systemctl show` said of one unit, by property; one that is repeated (`ExecStartPre`) has a value each. */
export type Shown = ReadonlyMap<string, readonly string[]>;

/** Records of `systemctl show`: `Key=Value` lines, an empty line between units. A value may hold `=`, never a line break. */
export function parseShow(text: string): Shown[] {
  return text
    .split(/\n{2,}/)
    .map((record) => {
      const found = new Map<string, string[]>();
      for (const line of record.split("\n")) {
        const equals = line.indexOf("=");
        if (equals < 1) continue;
        const key = line.slice(0, equals);
        found.set(key, [...(found.get(key) ?? []), line.slice(equals + 1)]);
      }
      return found;
    })
    .filter(({ size }) => size > 0);
}

/** The first value; empty where the property is missing. */
export const wordOf = (shown: Shown, key: string): string => shown.get(key)?.[0] ?? "";

export const wordsOf = (shown: Shown, key: string): string[] =>
  wordOf(shown, key)
    .split(" ")
    .filter((word) => word !== "");

/** A plain number; null where it is not set, not known to this version, or without a limit. */
export function numberOf(shown: Shown, key: string): number | null {
  const word = wordOf(shown, key);
  if (!/^\d+$/.test(word)) return null;
  const value = Number(word);
  return value >= 2 ** 63 ? null : value;
}

/** How many seconds ago a monotonic time stamp (µs since boot) was; null where it never was. */
export function agoOf(shown: Shown, key: string, uptime: number): number | null {
  const at = numberOf(shown, key);
  return at === null || at === 0 ? null : Math.max(0, Math.round(uptime - at / 1e6));
}

const SPANS: Readonly<Record<string, number>> = {
  us: 1e-6,
  ms: 1e-3,
  s: 1,
  min: 60,
  h: 3600,
  d: 86_400,
  w: 604_800,
  month: 2_629_800,
  y: 31_557_600,
};

/** Seconds of a time span as systemd writes it (`1min 30s`); null for `infinity` and where there is none. */
export function spanOf(shown: Shown, key: string): number | null {
  const parts = wordsOf(shown, key).flatMap((word) => {
    const [, number, unit] = /^(\d{1,15}(?:\.\d{1,9})?)([a-z]{1,5})$/.exec(word) ?? [];
    const seconds = SPANS[unit ?? ""];
    return seconds === undefined ? [] : [Number(number) * seconds];
  });
  return parts.length === 0 ? null : parts.reduce((sum, part) => sum + part, 0);
}

/** Unix seconds of `@1796039526` (`--timestamp=unix`); null for anything else. */
export function unixOf(shown: Shown, key: string): number | null {
  const found = /^@(\d+)/.exec(wordOf(shown, key))?.[1];
  return found === undefined ? null : Number(found);
}
