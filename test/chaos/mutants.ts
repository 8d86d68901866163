import { type Mutant, remove } from "./mutant.ts";
import { AUTO } from "./mutants-auto.ts";
import { CHECKS } from "./mutants-checks.ts";
import { DELIVERY_MUTANTS } from "./mutants-delivery.ts";
import { ESCALATION } from "./mutants-escalation.ts";
import { INCIDENTS } from "./mutants-incidents.ts";
import { INTAKE } from "./mutants-intake.ts";
import { MYSQL } from "./mutants-mysql.ts";
import { OUTSIDE } from "./mutants-outside.ts";
import { SYSTEM_FREEZES } from "./mutants-system-freezes.ts";

const GUARDS = "test/integration/engine/guards.test.ts";
const ENGINE = "test/integration/engine/engine.test.ts";
const LIMITS = "test/integration/engine/limits.test.ts";
const WALK = "test/integration/chaos/crash-walk.test.ts";

const localDeadline = remove(
  "src/engine/call.ts",
  "const timeoutMs = options.remainingMs();",
  "const timeoutMs = 5_000;",
);
const writeLock = remove("src/store/run/write-lock.ts", "pg_advisory_xact_lock($2)", "$2::bigint");

/**
 * What the whole design stands on, and what stands between diagbot and those who would misuse it; each removed alone, two of
 * them together where each covers for the other. docs/reliability.md names them all.
 */
export const MUTANTS: readonly Mutant[] = [
  {
    guard: "fence: epoch and owner",
    removals: [
      remove(
        "src/store/run/fence.ts",
        "AND epoch = $2 AND owner = $3 AND lease_until",
        "AND $2::bigint > 0 AND $3::text <> '' AND lease_until",
      ),
    ],
    file: GUARDS,
    test: "fence: a worker whose run was taken over",
  },
  {
    guard: "fence: live lease",
    removals: [remove("src/store/run/fence.ts", "AND lease_until > clock_timestamp()\n", "\n")],
    file: GUARDS,
    test: "fence: a lease that is over",
  },
  {
    guard: "lease: claim",
    removals: [
      remove(
        "src/store/run/run-lease.ts",
        "AND (lease_until IS NULL OR lease_until < clock_timestamp())\n",
        "\n",
      ),
    ],
    file: GUARDS,
    test: "lease: a run in another worker's hands",
  },
  { guard: "local deadline", removals: [localDeadline], file: GUARDS, test: "local deadline" },
  {
    guard: "local deadline + expiry of the credential",
    removals: [
      localDeadline,
      remove(
        "test/chaos/knowledge.ts",
        "expires: Date.now() + remainingMs(),",
        "expires: Date.now() + 60_000,",
      ),
    ],
    file: WALK,
    test: "'freeze' 'before_effect', 'guarded'",
  },
  {
    guard: "plan hash, in the engine",
    removals: [remove("src/engine/apply.ts", "sha256(canonical(remedy.plan)) !== planSha256", "false")],
    file: GUARDS,
    test: "plan hash, engine",
  },
  {
    guard: "plan hash, in the store",
    removals: [
      remove(
        "src/store/run/writes.ts",
        "approval.plan_sha256 !== write.planSha256 || sha256(approval.plan) !== write.planSha256",
        "false",
      ),
    ],
    file: GUARDS,
    test: "plan hash, store",
  },
  {
    guard: "witness: drift",
    removals: [remove("src/engine/apply.ts", "if (drifted.length > 0)", "if (drifted.length > 99)")],
    file: ENGINE,
    test: "a moved witness voids the approval",
  },
  {
    guard: "unique vote, in the rule",
    removals: [
      remove(
        "src/core/rules/vote.ts",
        "approval.votes.some((earlier) => earlier.principal === vote.voter.id)",
        "false",
      ),
    ],
    file: GUARDS,
    test: "unique vote: a person counts once",
  },
  {
    guard: "unique vote, in the table",
    removals: [remove("src/store/migrations/0001-runs.sql", ",\n  PRIMARY KEY (approval_id, principal)", "")],
    file: GUARDS,
    test: "unique vote: the database itself",
  },
  {
    guard: "target lock",
    removals: [remove("src/store/run/writes.ts", "if (!target.isOurs)", "if (false)")],
    file: GUARDS,
    test: "target lock",
  },
  {
    guard: "kill switch",
    removals: [remove("src/store/run/writes.ts", "if (frozen !== null)", "if (false)")],
    file: GUARDS,
    test: "kill switch",
  },
  {
    guard: "probe: verdict forced to done",
    removals: [
      remove(
        "src/engine/resolve-attempt.ts",
        "const probed = await probe(deps, claimed, step);",
        'const probed: Probed = { ...(await probe(deps, claimed, step)), verdict: "done" };',
      ),
    ],
    file: ENGINE,
    test: "a guarded write that seems not to have happened is put to a human",
  },
  {
    guard: "probe: verdict forced to not-done",
    removals: [
      remove(
        "src/engine/resolve-attempt.ts",
        "const probed = await probe(deps, claimed, step);",
        'const probed: Probed = { ...(await probe(deps, claimed, step)), verdict: "not-done" };',
      ),
    ],
    file: ENGINE,
    test: "a lost reply is settled by the probe",
  },
  {
    guard: "guarded is never sent again",
    removals: [
      remove(
        "src/engine/resolve-attempt.ts",
        'probed.verdict === "not-done" && action.class !== "guarded"',
        'probed.verdict === "not-done"',
      ),
      remove(
        "src/store/run/writes.ts",
        "AND state = 'unknown' AND class IN ('keyed', 'cas')",
        "AND state = 'unknown'",
      ),
    ],
    file: ENGINE,
    test: "a guarded write that seems not to have happened is put to a human",
  },
  {
    guard: "quorum, at the intent",
    removals: [
      remove("src/store/run/writes.ts", "approval.yes >= approval.need && approval.no === 0", "true"),
    ],
    file: GUARDS,
    test: "quorum",
  },
  {
    guard: "quorum, at the vote",
    removals: [remove("src/core/rules/vote.ts", "approvals >= approval.policy.approvals", "approvals >= 1")],
    file: GUARDS,
    test: "unique vote: a person counts once",
  },
  {
    guard: "four eyes",
    removals: [remove("src/core/rules/policy.ts", "voter.id === requester && !policy.self", "false")],
    file: ENGINE,
    test: "the requester may not approve",
  },
  {
    guard: "expiry of the approval",
    removals: [remove("src/core/rules/vote.ts", "now >= approval.expiresAt", "false")],
    file: GUARDS,
    test: "approval expiry",
  },
  {
    guard: "execute-before, in the store",
    removals: [remove("src/store/run/writes.ts", "approval.late && !approval.begun", "false")],
    file: GUARDS,
    test: "execute-before, store",
  },
  {
    guard: "execute-before, in the engine",
    removals: [remove("src/engine/decide.ts", "isPast(remedy.approval?.executeBefore, now)", "false")],
    file: GUARDS,
    test: "execute-before, engine",
  },
  { guard: "write lock: freeze", removals: [writeLock], file: GUARDS, test: "write lock: a freeze waits" },
  { guard: "write lock: intent", removals: [writeLock], file: GUARDS, test: "write lock: an intent" },
  {
    guard: "blast radius",
    removals: [remove("src/store/run/writes.ts", "if (hour >= writesPerSystemHour)", "if (false)")],
    file: LIMITS,
    test: "no more writes per hour than the limit",
  },
  {
    guard: "inbox: second delivery",
    removals: [
      remove(
        "src/store/inbox.ts",
        'return rowCount === 1 ? "fresh" : "repeat";',
        'return rowCount === 9 ? "repeat" : "fresh";',
      ),
    ],
    file: GUARDS,
    test: "second delivery",
  },
  ...MYSQL,
  ...AUTO,
  ...SYSTEM_FREEZES,
  ...OUTSIDE,
  ...INTAKE,
  ...CHECKS,
  ...INCIDENTS,
  ...ESCALATION,
  ...DELIVERY_MUTANTS,
];
