/** INFO's text as fields; `# Section` lines and empty lines are skipped. */
export function parseInfo(text: string): Readonly<Record<string, string>> {
  const fields: Record<string, string> = {};
  for (const line of text.split(/\r?\n/)) {
    const colon = line.indexOf(":");
    if (colon > 0 && !line.startsWith("#")) fields[line.slice(0, colon)] = line.slice(colon + 1);
  }
  return fields;
}

/** A number of INFO; 0 where the server's version does not have the field. */
export const numberOf = (fields: Readonly<Record<string, string>>, name: string): number => {
  const value = Number(fields[name] ?? 0);
  return Number.isFinite(value) ? value : 0;
};

/** `db0:keys=3,expires=1,…`: keys and keys with a TTL per database. */
export function databasesOf(fields: Readonly<Record<string, string>>) {
  return Object.entries(fields).flatMap(([name, value]) => {
    const parts = /^keys=(\d+),expires=(\d+)/.exec(value);
    return /^db\d+$/.test(name) && parts !== null
      ? [{ database: Number(name.slice(2)), keys: Number(parts[1]), withTtl: Number(parts[2]) }]
      : [];
  });
}

/** `errorstat_OOM:count=3`: how often that error was answered since the start (Redis 6.2). */
export const errorCountOf = (fields: Readonly<Record<string, string>>, name: string): number =>
  Number(/^count=(\d+)/.exec(fields[`errorstat_${name}`] ?? "")?.[1] ?? 0);

/** `cmdstat_flushall:calls=2,usec=…`: how often that command was called since the start (or CONFIG RESETSTAT). */
export const callsOf = (fields: Readonly<Record<string, string>>, command: string): number =>
  Number(/^calls=(\d+)/.exec(fields[`cmdstat_${command}`] ?? "")?.[1] ?? 0);
