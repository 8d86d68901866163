import { z } from "zod";
import { allOf, type Directive } from "./parse.ts";

/** Logs that cannot be read as files, in nginx's own words, and why. */
export const Elsewhere = z.array(z.object({ log: z.string(), why: z.string() }));
type Elsewhere = z.output<typeof Elsewhere>;

interface LogFiles {
  readonly files: readonly string[];
  readonly elsewhere: Elsewhere;
}

const MOST = 40;

/** Files of one kind of log, and those that are none. `built`: where it goes when the configuration names none. Pure. */
export function logFilesOf(
  directives: readonly Directive[],
  name: "error_log" | "access_log",
  whole: (path: string) => string,
  built: string | undefined,
): LogFiles {
  const named = allOf(directives, name).map(({ args }) => args);
  const said = named.length === 0 && built !== undefined ? [[built]] : named;
  const files = new Set<string>();
  const elsewhere: Elsewhere = [];
  for (const [path = "", level = ""] of said) {
    if (path === "" || (path === "off" && name === "access_log")) continue;
    const why = whyNoFile(path, name === "error_log" ? level : "");
    if (why === undefined) files.add(whole(path));
    else elsewhere.push({ log: `${name} ${path}`.slice(0, 200), why });
  }
  return { files: [...files].slice(0, MOST), elsewhere: elsewhere.slice(0, MOST) };
}

/** Why a log says nothing here; undefined: it is a file with all that is an error. */
function whyNoFile(path: string, level: string): string | undefined {
  if (path === "stderr" || path === "/dev/stderr" || path === "/dev/stdout")
    return "it goes to the output of the process: the journal or the container's log has it";
  if (path.startsWith("syslog:")) return "it goes to syslog";
  if (path.startsWith("memory:")) return "it is kept in nginx's memory only";
  if (path === "/dev/null") return "it is thrown away";
  if (path.includes("$")) return "its name has variables";
  return /^(crit|alert|emerg)$/.test(level)
    ? `it holds nothing below ${level}: what nginx says of upstreams is below that`
    : undefined;
}
