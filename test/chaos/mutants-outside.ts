import { type Mutant, remove } from "./mutant.ts";

const CONNECTORS = "test/integration/connectors/guards.test.ts";
const IDENTITY = "test/integration/ingress/slack-identity.test.ts";
const CALLS = "test/unit/engine/call.test.ts";

/** What stands between diagbot and those who would misuse it: secrets, people, files and sessions of others. */
export const OUTSIDE: readonly Mutant[] = [
  {
    guard: "redaction of step outputs",
    removals: [remove("src/engine/call.ts", "redactDeep(parsed.data, redact)", "parsed.data")],
    file: CALLS,
    test: "step outputs: nothing that is kept",
  },
  {
    guard: "redaction of errors",
    removals: [remove("src/engine/call.ts", "redact(error.message)", "error.message")],
    file: CALLS,
    test: "errors: their words",
  },
  {
    guard: "redaction of log lines",
    removals: [remove("src/telemetry/logger.ts", "    cleaned,\n", "    out,\n")],
    file: "test/unit/telemetry/log-lines.test.ts",
    test: "log lines: no secret",
  },
  {
    guard: "the payload's team",
    removals: [remove("src/ingress/slack/identity.ts", "asker.team !== ours.team", "false")],
    file: IDENTITY,
    test: "the payload's team",
  },
  {
    guard: "strangers",
    removals: [remove("src/ingress/slack/identity.ts", "if (user.is_stranger === true)", "if (false)")],
    file: IDENTITY,
    test: "strangers",
  },
  {
    guard: "absolute URLs, at the doors",
    removals: [remove("src/slack/client.ts", "allowAbsoluteUrls: false", "allowAbsoluteUrls: true")],
    file: IDENTITY,
    test: "absolute URLs",
  },
  {
    guard: "absolute URLs, of the sender",
    removals: [remove("src/slack/client.ts", "allowAbsoluteUrls: false", "allowAbsoluteUrls: true")],
    file: "test/unit/repository/slack-clients.test.ts",
    test: "absolute URLs",
  },
  {
    guard: "cross-origin redirect with credentials",
    removals: [remove("src/connectors/http/client.ts", "next.origin !== base.origin || ", "")],
    file: CONNECTORS,
    test: "credentials: a redirect",
  },
  {
    guard: "own environment kept from commands",
    removals: [remove("src/connectors/machine/local.ts", "env: ENVIRONMENT,", "env: process.env,")],
    file: CONNECTORS,
    test: "own environment",
  },
  {
    guard: "hard links",
    removals: [remove("src/connectors/host/remove-files.ts", "'%d:%i %s %Y %h'", "'%d:%i %s %Y 1'")],
    file: CONNECTORS,
    test: "hard links",
  },
  {
    guard: "the folder's real name",
    removals: [remove("src/connectors/host/remove-files.ts", '[ "$(pwd -P)" = "$dir" ]', "true")],
    file: CONNECTORS,
    test: "the folder's real name",
  },
  {
    guard: "guard asked again at the effect",
    removals: [
      remove("src/connectors/host/remove-files.ts", "if (why !== undefined) throw refused(why);", ""),
    ],
    file: CONNECTORS,
    test: "asked again at the effect",
  },
  {
    guard: "superusers spared",
    removals: [
      remove("src/connectors/postgres/backend.ts", "(r.rolsuper OR r.rolreplication)", "r.rolreplication"),
    ],
    file: CONNECTORS,
    test: "superusers",
  },
  {
    guard: "audit: the hash of a row",
    removals: [remove("src/store/audit-chain.ts", " || row.hash !== hashOf(row)", "")],
    file: "test/integration/engine/audit.test.ts",
    test: "a text moved from one member to the next",
  },
  {
    guard: "audit: checkpoints held against the chain",
    removals: [remove("src/store/audit-chain.ts", "(hash) => hash !== row.hash", "() => false")],
    file: "test/integration/engine/audit.test.ts",
    test: "a chain written anew by the owner",
  },
  {
    guard: "audit: rows taken out are told of",
    removals: [remove("src/store/audit.ts", "!told.has(archivedPayload(newest))", "false")],
    file: "test/integration/engine/audit-archive.test.ts",
    test: "rows taken out with a made-up record",
  },
  {
    guard: "audit: archives follow one another",
    removals: [remove("src/store/audit-archives.ts", "first !== at.seq + 1", "false")],
    file: "test/integration/engine/audit-archive.test.ts",
    test: "a gap between archives",
  },
  {
    guard: "audit: an archive is the file that was written",
    removals: [remove("src/app/archive-file.ts", 'digest.digest("hex") !== sha256', "false")],
    file: "test/integration/engine/audit-archive.test.ts",
    test: "a file that was changed",
  },
  {
    guard: "audit: one archives at a time",
    removals: [
      remove("src/store/audit-archives.ts", "if (rows[0]?.alone !== true)", "if (rows.length === 0)"),
    ],
    file: "test/integration/engine/audit-archive.test.ts",
    test: "two at once: the second is refused",
  },
  {
    guard: "audit: a file that lacks rows gets no name",
    removals: [remove("src/app/archive-file.ts", "if (next !== range.last + 1)", "if (next < 0)")],
    file: "test/integration/engine/audit-archive.test.ts",
    test: "a file whose rows went while it was written",
  },
  {
    guard: "audit: checkpoints that stopped",
    removals: [remove("src/core/rules/audit.ts", "uncovered.ageMs <= CHECKPOINT_LAG_MS", "true")],
    file: "test/integration/engine/checkpoints.test.ts",
    test: "checkpoints that stopped",
  },
];
