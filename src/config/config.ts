import type { AlertSettings } from "../core/words/alert.ts";
import type { AuditSettings } from "../core/words/audit.ts";
import type { Schedule } from "../core/words/check.ts";
import type { Checklist } from "../core/words/checklist.ts";
import type { Escalation } from "../core/words/escalation.ts";
import type { FreezeRules } from "../core/words/freeze.ts";
import type { GuideTitles } from "../core/words/guide.ts";
import type { Keep } from "../core/words/keep.ts";
import type { ConnectionKind } from "../core/words/kind.ts";
import type { Limits } from "../core/words/limits.ts";
import type { Planned } from "../core/words/planned.ts";
import type { CommandLine, Policies, Principal } from "../core/words/policy.ts";
import type { Route } from "../core/words/route.ts";
import type { Runbook } from "../core/words/runbook.ts";
import type { System } from "../core/words/system.ts";
import type { Webhook } from "../core/words/webhook.ts";
import type { PlacedCheck } from "./check-files.ts";
import type { Environment } from "./environment.ts";

/** Everything that is set from outside, checked. */
export interface Config {
  readonly environment: Environment;
  readonly systems: readonly System[];
  /** The kinds their connections may be of: diagbot's own, those of packs, and what stands in for those of packs that were left out. */
  readonly kinds: readonly ConnectionKind[];
  readonly people: readonly Principal[];
  readonly commandLine: CommandLine;
  readonly policies: Policies;
  readonly limits: Limits;
  readonly alerts: AlertSettings;
  /** What becomes of which alert, in the order of the file. */
  readonly routes: readonly Route[];
  readonly freeze: FreezeRules;
  /** Checklists that can be opened in the thread of an incident. */
  readonly checklists: readonly Checklist[];
  /** When systems are in maintenance, or frozen, by plan. */
  readonly maintenance: readonly Planned[];
  /** Titles of guide items. */
  readonly guideItems: GuideTitles;
  /** Who is told when nobody answers; a system's own takes its place. */
  readonly escalate: Escalation | undefined;
  /** Who outside of Slack can be told, by name. */
  readonly webhooks: Readonly<Record<string, Webhook>>;
  /** What is forgotten, and when. */
  readonly keep: Keep;
  /** Where signed heads of the audit chain go; undefined: nowhere. */
  readonly audit: AuditSettings | undefined;
  /** Read-only runbooks as data, each with its place. */
  readonly checks: readonly PlacedCheck[];
  /** What is started by itself, each with its place. */
  readonly schedules: readonly (Schedule & { readonly place: string })[];
  /** Where alerts of systems without a channel of their own go. */
  readonly slackChannel: string | undefined;
  /** Every secret value, for the redactor. */
  readonly secrets: readonly string[];
  /** Packs of runbooks and kinds, as written: `./folder`, `./file.ts` or the name of a package. */
  readonly packs: readonly string[];
  /** Where the file is. */
  readonly path: string;
  /** `file:line:column: …`: not wrong, but probably not what was meant. To be logged. */
  readonly warnings: readonly string[];
  /** What in the file does not fit the runbooks; they are known only after it. Lines as of `loadConfig` and `warnings`. */
  fits(runbooks: readonly Runbook[]): { readonly complaints: string[]; readonly warnings: string[] };
}
