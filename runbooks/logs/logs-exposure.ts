import { count, type Finding, type RunContext, rows, runbookOn, z } from "../../src/sdk/index.ts";
import { everyLog } from "./ask.ts";
import { noLogs, type Place, placesOf } from "./groups.ts";

/** Secrets and personal data that logs show as they are: what kind, how many lines, whose. Guide: data exposure, field masking. */
const book = runbookOn(
  [],
  {
    id: "logs-exposure",
    title: "Secrets and personal data in logs",
    covers: ["resync.data-exposure"],
    alerts: [],
    params: z.object({
      from: z.string().max(60).optional().describe("only this connection, or log of a host"),
      minutes: z.int().min(1).max(720).default(60).describe("the last so many minutes"),
      mail: z.boolean().default(false).describe("addresses of people, too, which many logs hold on purpose"),
    }),
  },
  ({ params, system }) => everyLog({ system }, { minutes: params.minutes, exposed: true }, params.from),
);

type Asked = RunContext<{ readonly minutes: number; readonly mail: boolean }>;

const MAIL = "an e-mail address";

const time = (seconds: number): string => new Date(seconds * 1000).toISOString().slice(0, 19);

function shown(places: readonly Place[], { params }: Asked): Finding<"mask" | "replace">[] {
  return places.flatMap(({ name, found }) => {
    const kinds = (found.exposed ?? []).filter(({ kind }) => params.mail || kind !== MAIL);
    const [first] = kinds;
    if (first === undefined) return [];
    const hasSecret = kinds.some(({ kind }) => kind !== MAIL && !kind.includes("payment card"));
    return [
      {
        id: `exposed:${name}`,
        ...(kinds.every(({ kind }) => kind === MAIL) ? {} : { damage: "security" as const }),
        severity: kinds.every(({ kind }) => kind === MAIL) ? "info" : "warning",
        title: `${name} shows ${first.kind} in ${count(first.lines, "line")}${kinds.length > 1 ? `, and ${count(kinds.length - 1, "other kind")}` : ""}`,
        because: `Within ${params.minutes} min, of ${count(found.lines, "line")} that were read. Whoever may read the log, its copies and its backups may use it; the values are not kept here. What consists of letters only, or is written in parts, is not seen.`,
        evidence: [
          rows("", kinds, {
            what: (one) => one.kind,
            lines: (one) => one.lines,
            "written by": (one) => one.components.join(", ") || "not said",
            first: (one) => time(one.first),
            last: (one) => time(one.last),
          }),
        ],
        remedies: hasSecret ? ["replace", "mask"] : ["mask"],
      },
    ];
  });
}

export const logsExposure = book
  .remedies({
    replace: book.advises(
      "Replace what was shown",
      "high",
      "A secret that stood in a log is known to everybody who may read it: make a new one, put it where the program reads it, and revoke the old. Masking alone helps only from now on. Then delete the lines where the law or the contract wants it: files, rotated ones, the log store and its backups.",
    ),
    mask: book.advises(
      "Mask it where it is written",
      "low",
      "In the logger, by names of fields (structlog processors, pino `redact`, Logback `%replace`, a logging.Filter in Python), not in what reads the log: there it is too late. Never log whole headers, URLs with credentials or request bodies; log an id in place of the person. To see that it holds: this runbook again, `minutes=5`.",
    ),
  })
  .findings((find) => [find.all((seen, context) => shown(placesOf(seen), context)), find.all(noLogs)]);
