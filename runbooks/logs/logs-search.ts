import { runbookOn, z } from "../../src/sdk/index.ts";
import { apart } from "./apart.ts";
import { everyLog } from "./ask.ts";
import { frequent, fresh, matches, noLogs, placesOf, slow } from "./groups.ts";
import { levelless, silent } from "./silence.ts";

/** What logs say that they did not say before, or more often; or whatever somebody looks for. */
const book = runbookOn(
  [],
  {
    id: "logs-search",
    title: "Search of logs",
    covers: [
      "resync.log-layout",
      "tektra.log-search",
      "tektra.structured-log-queries",
      "ai-saas.triage-logs",
      "ai-saas.high-error-rate",
      "sergas-accounts.high-error-rate",
      "sergas-accounts.zoho-rate-limit",
      "sergas-accounts.unauthorized-access",
      "resync.slow-responses",
      "tektra.model-loading-failure",
      "tektra.security-events",
      "resync.unauthorized-access",
      "sergas-accounts.cognee-down",
      "tektra.service-status",
      "resync.tws-connection-failure",
      "sergas-accounts.first-response",
      "resync.incorrect-responses",
      "resync.container-logs",
      "sergas-agents.circuit-verify-upstream",
      "sergas-agents.quick-reference",
      "sergas-agents.high-error-rate",
    ],
    alerts: ["LogErrorsHigh", "HighLogErrorRate", "LokiErrorsHigh"],
    params: z.object({
      pattern: z
        .string()
        .min(1)
        .max(200)
        .optional()
        .describe("lines with this text; no expression, capitals do not matter"),
      level: z
        .enum(["debug", "info", "warning", "error"])
        .optional()
        .describe("at least so grave, as the program says; default: error, with a text all"),
      component: z.string().min(1).max(80).optional().describe("of this component, unit or logger"),
      longerMs: z.number().min(0).optional().describe("only what took longer, milliseconds"),
      field: z
        .string()
        .regex(/^[\w.@-]{1,60}=[^=]{1,200}$/)
        .optional()
        .describe("only where this field is so: user=alice"),
      by: z
        .string()
        .regex(/^[\w.@-]{1,60}$/)
        .optional()
        .describe("kept apart and counted by: address (who asked), path (with its durations), or a field"),
      from: z.string().max(60).optional().describe("only this connection, or log of a host"),
      minutes: z
        .int()
        .min(1)
        .max(720)
        .default(60)
        .describe("the last so many minutes, compared with as many before"),
    }),
  },
  ({ params, system }) => {
    const { by, from, field = "", minutes, pattern, component, longerMs } = params;
    const isSearch = [pattern, component, longerMs, by].some((one) => one !== undefined) || field !== "";
    const level = params.level ?? (isSearch ? undefined : ("error" as const));
    const [name = "", value = ""] = field.split("=");
    const question = {
      minutes,
      ...(pattern === undefined ? {} : { pattern }),
      ...(level === undefined ? {} : { level }),
      ...(component === undefined ? {} : { component }),
      ...(longerMs === undefined ? {} : { longerMs }),
      ...(by === undefined ? {} : { by }),
      ...(field === "" ? {} : { fields: { [name]: value } }),
    };
    return everyLog({ system }, question, from);
  },
);

export const logsSearch = book
  .remedies({
    readOn: book.advises(
      "Read on",
      "low",
      "`/diag <system> logs-search pattern=… minutes=…` shows lines around it, with `level=info` also what went before; what began at the same minute on another component is often the cause.",
    ),
    findWriter: book.advises(
      "Look whether it still writes",
      "low",
      "Does it run (`unit-failure`, `container-failure`, `k8s-workload`)? Does it hold a file that was rotated away (`log-rotation`)? Does what ships its lines run (Promtail, Alloy, Fluent Bit), and has its disk room?",
    ),
    useText: book.advises(
      "Look for a text instead",
      "low",
      "`/diag <system> logs-search pattern=…` finds lines whatever their level. A program that writes its level (JSON, or `ERROR` behind the time) has its errors told by themselves.",
    ),
  })
  .findings((find) => [
    find.all((seen, context) => fresh(placesOf(seen), context)),
    find.all((seen, context) => frequent(placesOf(seen), context)),
    find.all((seen, context) => silent(placesOf(seen), context)),
    find.all((seen, context) => matches(placesOf(seen), context)),
    find.all((seen, context) => apart(placesOf(seen), context)),
    find.all((seen, context) => slow(placesOf(seen), context)),
    find.all((seen, context) => levelless(placesOf(seen), context)),
    find.all(noLogs),
  ]);
