/** INFO's text as fields; `# Section` lines and empty lines are skipped. CLUSTER INFO is of the same form. */
export function parseInfo(text: string): Readonly<Record<string, string>> {
  const fields: Record<string, string> = {};
  for (const line of text.split(/\r?\n/)) {
    const colon = line.indexOf(":");
    if (colon > 0 && !line.startsWith("#")) fields[line.slice(0, colon)] = line.slice(colon + 1);
  }
  return fields;
}

export type Fields = Readonly<Record<string, string>>;

/** A number of INFO; null where this version, product or service does not say it. -1 is how Redis says "never" or "unknown". */
export function numberIn(fields: Fields, name: string): number | null {
  const value = Number(fields[name]);
  return fields[name] === undefined || fields[name] === "" || !Number.isFinite(value) || value < 0
    ? null
    : value;
}

/** A counter since the start: one that is not there has not counted anything that is known. */
export const countIn = (fields: Fields, name: string): number => numberIn(fields, name) ?? 0;

/** `db0:keys=3,expires=1,…`: keys and keys with a TTL per database. */
export function databasesOf(fields: Fields) {
  return Object.entries(fields).flatMap(([name, value]) => {
    const parts = /^keys=(\d+),expires=(\d+)/.exec(value);
    return /^db\d+$/.test(name) && parts !== null
      ? [{ database: Number(name.slice(2)), keys: Number(parts[1]), withTtl: Number(parts[2]) }]
      : [];
  });
}

/** `errorstat_OOM:count=3`: how often each error was answered since the start (Redis 6.2). */
export const errorsIn = (fields: Fields): Readonly<Record<string, number>> =>
  Object.fromEntries(
    Object.entries(fields).flatMap(([name, value]) => {
      const count = /^count=(\d+)/.exec(value)?.[1];
      return name.startsWith("errorstat_") && count !== undefined
        ? [[name.slice("errorstat_".length, 60), Number(count)]]
        : [];
    }),
  );

/** `cmdstat_config|get:calls=2,usec=15,…`: calls of each command and how long they took, since the start or CONFIG RESETSTAT. */
export const commandsIn = (
  fields: Fields,
): ReadonlyMap<string, { readonly calls: number; readonly usec: number }> =>
  new Map(
    Object.entries(fields).flatMap(([name, value]) => {
      const parts = /^calls=(\d+),usec=(\d+)/.exec(value);
      return name.startsWith("cmdstat_") && parts !== null
        ? [[name.slice("cmdstat_".length, 60), { calls: Number(parts[1]), usec: Number(parts[2]) }] as const]
        : [];
    }),
  );

/** A flat list of names and values, as CONFIG GET answers, as a map; an error is an empty one. */
export const pairsOf = (reply: unknown): ReadonlyMap<string, string> => {
  const words = Array.isArray(reply) ? reply.map(String) : [];
  return new Map(words.flatMap((word, at) => (at % 2 === 0 ? [[word, words[at + 1] ?? ""] as const] : [])));
};
