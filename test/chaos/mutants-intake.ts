import { type Mutant, remove } from "./mutant.ts";

const TOGETHER = "test/integration/ingress/alerts-together.test.ts";
const SAFE = "src/store/safe-intake.ts";
const STORED = "test/unit/store/safe-intake.test.ts";
const COMMANDS = "test/integration/ingress/slack-commands.test.ts";
const LOOKS = "src/ingress/slack/buttons/looks.ts";
const TRANSPORT = "test/integration/ingress/slack-transport.test.ts";

const unredacted = (what: string, find: string, put: string, test: string): Mutant => ({
  guard: `redaction before the first row: ${what}`,
  removals: [remove(SAFE, find, put)],
  file: STORED,
  test,
});

const readers = (what: string, file: string, find: string, put = ""): Mutant => ({
  guard: `readers: ${what}`,
  removals: [remove(file, find, put)],
  file: COMMANDS,
  test: "shows what is found on a system to its readers only",
});

/** What is asked of every request before it is stored or answered: secrets out, once, by whom, of what. */
export const INTAKE: readonly Mutant[] = [
  unredacted("the request", "raw: safeRaw(entry.raw, redact)", "raw: entry.raw", "what came in"),
  unredacted("callers", 'name: all(caller.name) || "?"', "name: caller.name", "callers"),
  unredacted("reasons", "{ ...request, reason: all(request.reason) }", "request", "reasons"),
  unredacted(
    "parameters",
    "params: redactDeep(request.params, known)",
    "params: request.params",
    "parameters",
  ),
  unredacted("notices", "channel, all(text))", "channel, text)", "notices"),
  unredacted("labels", "safeLabels(alert.labels, redact)", "{ ...alert.labels }", "labels"),
  unredacted("annotations", "safeLabels(alert.annotations, redact)", "alert.annotations", "annotations"),
  unredacted("links", "redact(alert.generatorURL)", "alert.generatorURL", "links"),
  unredacted(
    "groups",
    "groupKey: keepApart(notification.groupKey, all)",
    "groupKey: notification.groupKey",
    "groups",
  ),
  unredacted("severity", "severity: all(request.severity)", "severity: request.severity", "severity"),
  unredacted(
    "runs of alerts",
    "labels: safeLabels(run.alert.labels, all)",
    "labels: run.alert.labels",
    "runs of alerts",
  ),
  {
    guard: "a repeat gets the first one's result",
    removals: [
      remove(
        "src/store/inbox.ts",
        '(await noteEntry(tx, entry)) === "repeat"',
        "!(await noteEntry(tx, entry))",
      ),
    ],
    file: "test/integration/engine/repeats.test.ts",
    test: "a refusal is repeated",
  },
  {
    guard: "replayed signatures, in every process",
    removals: [
      remove("src/store/inbox.ts", '(seen) => seen === "fresh",', '(seen) => seen !== "unheard of",'),
    ],
    file: TRANSPORT,
    test: "a signature is spent in every process",
  },
  {
    guard: "replayed signatures, in this process",
    removals: [remove("src/ingress/slack/receiver/replays.ts", "if (seen.has(signature)) return false;", "")],
    file: "test/unit/ingress/slack/replays.test.ts",
    test: "takes a signature once",
  },
  {
    guard: "a bucket per member",
    removals: [
      remove("src/ingress/receive.ts", "buckets.take(`${slack.team}|${slack.user}`)", 'buckets.take("all")'),
    ],
    file: COMMANDS,
    test: "gives every member a bucket of their own",
  },
  {
    guard: "a bucket is empty at some time",
    removals: [remove("src/ingress/bucket.ts", "return left >= 1;", "return true;")],
    file: "test/unit/ingress/bucket.test.ts",
    test: "lets so many through at once",
  },
  readers(
    "the rule",
    "src/ingress/rights.ts",
    "if (mayRead(system, catalog.people, caller)) return;",
    "return;",
  ),
  readers(
    "lists",
    "src/ingress/rights.ts",
    "catalog.systems.filter((system) => mayRead(system, catalog.people, caller))",
    "catalog.systems",
  ),
  readers("status", "src/ingress/show-runs.ts", "mustRead(catalog, caller, run.system);"),
  readers(
    "history",
    "src/ingress/show-runs.ts",
    "mustRead(catalog, caller, system.id);\n  const runs",
    "const runs",
  ),
  readers(
    "pending",
    "src/ingress/show-runs.ts",
    "if (system !== undefined) mustRead(catalog, caller, system.id);",
  ),
  readers("run", "src/ingress/receive.ts", "if (system !== undefined) mustRead(catalog, caller, system.id);"),
  readers("preview", LOOKS, "mustRead(catalog, caller, run.system);\n  return drawPlan", "return drawPlan"),
  readers("details", LOOKS, "mustRead(catalog, caller, run.system);\n  return drawPlace", "return drawPlace"),
  readers("earlier runs", LOOKS, "for (const run of thread.runs) mustRead(catalog, caller, run.system);"),
  {
    guard: "the vote is the caller's own, whoever is named",
    removals: [remove("src/cli/who.ts", "voter: person,", "voter: other ?? person,")],
    file: "test/unit/cli/votes.test.ts",
    test: "counts as the vote of the person whose account it is",
  },
  {
    guard: "naming somebody else needs a reason",
    removals: [remove("src/cli/who.ts", "other !== undefined && said.length < 3", "false")],
    file: "test/unit/cli/votes.test.ts",
    test: "needs a reason where somebody else is named",
  },
  {
    guard: "unfreezing needs a role",
    removals: [remove("src/ingress/freezing.ts", "if (!isAllowed(catalog, caller))", "if (false)")],
    file: COMMANDS,
    test: "freezes for people it knows",
  },
  {
    guard: "freezing is for people of diagbot.yaml",
    removals: [remove("src/ingress/freezing.ts", 'mustBeKnown(caller, "freeze remedies");', "")],
    file: COMMANDS,
    test: "freezes for people it knows",
  },
  {
    guard: "an old freeze asks once more",
    removals: [
      remove("src/ingress/freezing.ts", "Date.now() - held.since.getTime() > askAgainAfter", "false"),
    ],
    file: COMMANDS,
    test: "says what unfreezing sets off",
  },
  {
    guard: "a freeze is not made shorter by freezing anew",
    removals: [
      remove(
        "src/store/human/freezes.ts",
        "until = CASE WHEN $5 OR f.until",
        "until = CASE WHEN $5 OR true OR f.until",
      ),
    ],
    file: "test/integration/engine/freezes.test.ts",
    test: "is never made shorter by who may not unfreeze",
  },
  {
    guard: "a transaction that Postgres rolled back is no success",
    removals: [remove("src/store/transaction.ts", 'ended.command !== "COMMIT"', "false")],
    file: "test/integration/engine/transactions.test.ts",
    test: "a failure that the work passes over",
  },
  {
    guard: "alerts: a large group and a small one with the same alert",
    removals: [
      remove(
        "src/store/alert/alert-locks.ts",
        'const ofBucket = isLarge(instances) ? "pg_advisory_xact_lock" : "pg_advisory_xact_lock_shared"',
        'const ofBucket = "pg_advisory_xact_lock_shared"',
      ),
    ],
    file: "test/integration/ingress/alert-locks.test.ts",
    test: "a large group with the same alerts",
  },
  {
    guard: "alerts together: who has nothing in common",
    removals: [remove("src/store/alert/alerts-together.ts", "keys: keysOf", "keys: () => []")],
    file: TOGETHER,
    test: "copies of one group, and groups that share an alert",
  },
  {
    guard: "alerts together: who holds all locks",
    removals: [remove("src/store/alert/alerts.ts", "held[nth] === true", "held.length > nth")],
    file: TOGETHER,
    test: "one that another process holds up",
  },
  {
    guard: "alerts together: whose incidents are locked",
    removals: [remove("src/store/alert/alert-seen.ts", "there.has(id) && !taken.has(id)", "!taken.has(id)")],
    file: TOGETHER,
    test: "one that another process holds up",
  },
  {
    guard: "alerts together: one that fails is alone",
    removals: [
      remove(
        "src/store/alert/alerts-together.ts",
        "if (isLost(thrown) || (deliveries.length === 1 && !isForAnother(thrown))) throw",
        "throw",
      ),
    ],
    file: TOGETHER,
    test: "one that cannot be stored costs none",
  },
];
