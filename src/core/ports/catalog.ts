import type { AlertSettings } from "../words/alert.ts";
import type { Schedule } from "../words/check.ts";
import type { Checklist } from "../words/checklist.ts";
import type { FreezeRules } from "../words/freeze.ts";
import type { GuideTitles } from "../words/guide.ts";
import type { PrincipalId } from "../words/ids.ts";
import type { ConnectionKind } from "../words/kind.ts";
import type { Limits } from "../words/limits.ts";
import type { Planned } from "../words/planned.ts";
import type { Policies, Principal } from "../words/policy.ts";
import type { Route } from "../words/route.ts";
import type { Runbook } from "../words/runbook.ts";
import type { System } from "../words/system.ts";

/** What the product knows, from configuration and code: the same in every process. */
export interface Catalog {
  /** Kinds of connections that may be configured. */
  readonly kinds: readonly ConnectionKind[];
  readonly runbooks: readonly Runbook[];
  readonly systems: readonly System[];
  readonly people: readonly Principal[];
  readonly policies: Policies;
  readonly limits: Limits;
  readonly alerts: AlertSettings;
  readonly routes: readonly Route[];
  /** Channel of alerts whose system has none. */
  readonly channel: string | undefined;
  /** Of diagbot.yaml. Default: none. */
  readonly checklists?: readonly Checklist[];
  /** Of diagbot.yaml: what is started by itself there, for the items it carries out. Default: none. */
  readonly schedules?: readonly Pick<Schedule, "system" | "runbook" | "covers">[];
  /** Of diagbot.yaml: when systems are in maintenance or frozen by plan. Default: never. */
  readonly maintenance?: readonly Planned[];
  /** Titles of guide items. Default: their ids in words. */
  readonly guideItems?: GuideTitles;
  /** Undefined: the defaults. */
  readonly freeze?: FreezeRules;
}

/** Looks up a human; undefined: unknown. */
export type FindPrincipal = (id: PrincipalId) => Principal | undefined;
