import { dirname } from "node:path";
import { serviceHealthOn } from "../../runbooks/health/service-health.ts";
import { runbooks as shippedRunbooks } from "../../runbooks/index.ts";
import type { Config } from "../config/load.ts";
import { kinds } from "../connectors/index.ts";
import type { Catalog } from "../core/ports/catalog.ts";
import { compileCheck } from "../core/rules/checks/compile.ts";
import { healthWith } from "../core/rules/checks/in-health.ts";
import { NO_CHANNEL } from "../core/words/channel.ts";
import { DiagError, toDiagError } from "../core/words/errors.ts";
import { count } from "../core/words/format.ts";
import { HEALTH_RUNBOOK } from "../core/words/intent.ts";
import { canonical } from "../core/words/json.ts";
import type { ConnectionKind } from "../core/words/kind.ts";
import type { Runbook } from "../core/words/runbook.ts";
import type { Redact } from "../lib/redact.ts";
import { sha256 } from "../lib/sha256.ts";
import { lookAt, type Pack } from "../packs/load.ts";
import { writeLock } from "../packs/lock.ts";
import type { Health } from "../telemetry/health.ts";
import { VERSION } from "../version.ts";
import {
  type Bound,
  commandRunbooks,
  declaredCommands,
  offersOf,
  withDeclared,
  withOffers,
} from "./commands.ts";

/** Runbooks that come from one place. */
interface Origin {
  /** How people are told where it is: `diagbot`, a file, a package. */
  readonly name: string;
  readonly runbooks: readonly Runbook[];
}

/** What a process knows of runbooks; made once, when it starts. */
export interface Knowledge {
  /** Kinds of connections that may be configured. */
  readonly kinds: readonly ConnectionKind[];
  /** In the order people see them; every id once. */
  readonly runbooks: readonly Runbook[];
  readonly packs: readonly Pack[];
  /** What was left out and why, a line each that begins with where it stands. */
  readonly leftOut: readonly string[];
  /** What of diagbot.yaml probably does not mean what it says of them; to be logged. */
  readonly warnings: readonly string[];
}

type Joined = Pick<Knowledge, "runbooks" | "leftOut">;

const SHIPPED: Origin = { name: "diagbot", runbooks: shippedRunbooks };

/** What diagbot ships: known without any configuration. */
export const shipped: Knowledge = { kinds, runbooks: shippedRunbooks, packs: [], leftOut: [], warnings: [] };

/**
 * The one place that joins what diagbot ships with what the configuration adds. What is wrong is left out and said. Throws
 * `bad_config` where diagbot.yaml speaks of a runbook, parameter or remedy that is not there; it may be one that was left out.
 * `packs`, and what of them was left out before the configuration was read.
 */
export function knowledgeOf(
  config: Config,
  { packs, leftOut: before }: Pick<Knowledge, "packs" | "leftOut"> = NO_PACKS,
): Knowledge {
  const known = joinedWith(config, packs);
  const leftOut = [...before, ...known.leftOut];
  const { complaints, warnings } = config.fits(known.runbooks);
  if (complaints.length > 0 && leftOut.length === 0) throw new DiagError("bad_config", complaints.join("\n"));
  return {
    kinds: config.kinds,
    runbooks: known.runbooks,
    packs,
    leftOut: [...leftOut, ...complaints],
    warnings: [...known.warnings, ...warnings],
  };
}

const NO_PACKS = { packs: [], leftOut: [] } as const;

/** With the packs, and the checks of the configuration, which are part of the health of a system, too. */
function joinedWith(
  { checks: placed, systems, kinds }: Config,
  packs: readonly Pack[],
): Joined & Pick<Knowledge, "warnings"> {
  const declared = declaredCommands(systems, kinds);
  const offers = offersOf(declared);
  const checks = placed.map(({ check, place }) => ({
    check,
    name: place,
    runbook: compileCheck(check, { version: VERSION, digest: digestOf(withOffers(check, offers)) }, offers),
  }));
  const commands = commandRunbooks(declared);
  const brought = runbooksOfPacks(packs, kinds);
  const bound = brought.origins.map(({ name, runbooks }) => ({
    name,
    runbooks: runbooks.map((runbook) => withDeclared(runbook, offers)),
  }));
  const knowledge = joined([
    SHIPPED,
    ...checks.map(({ name, runbook }) => ({ name, runbooks: [runbook] })),
    ...commands,
    ...bound.map(({ name, runbooks }) => ({ name, runbooks: runbooks.map(({ runbook }) => runbook) })),
  ]);
  const kept = checks.filter(({ runbook }) => knowledge.runbooks.includes(runbook));
  const runbooks = knowledge.runbooks.map((runbook) =>
    runbook.id === HEALTH_RUNBOOK ? healthWith(healthOn(runbook, kinds, packs), kept, digestOf) : runbook,
  );
  return { runbooks, leftOut: [...brought.leftOut, ...knowledge.leftOut], warnings: undeclared(bound) };
}

const undeclared = (
  origins: readonly { readonly name: string; readonly runbooks: readonly Bound[] }[],
): string[] =>
  origins.flatMap(({ name, runbooks }) =>
    runbooks.flatMap(({ runbook, missing }) =>
      missing.map(
        (run) =>
          `${name}: ${runbook.id} offers ${run}, which no system declares: it is advice (docs/commands.md)`,
      ),
    ),
  );

/** The health matrix over the kinds of packs, too; another text where the files of such a pack are others. */
function healthOn(health: Runbook, all: readonly ConnectionKind[], packs: readonly Pack[]): Runbook {
  const more = all.filter((kind) => !(kinds as readonly ConnectionKind[]).includes(kind));
  if (more.length === 0) return health;
  const sums = more.map((kind) => [kind.name, sumOf(kind, packs) ?? null]);
  return { ...serviceHealthOn(all), kinds: more, digest: digestOf([health.digest, ...sums]) };
}

/** Of the pack that brings the kind. */
const sumOf = (kind: ConnectionKind, packs: readonly Pack[]): string | undefined =>
  packs.find((pack) => pack.kinds.some((one) => one.kind === kind))?.sha256;

const digestOf = (value: unknown): string => sha256(canonical(value));

/** Kinds of packs beside diagbot's own. Where two have the same name the earlier place keeps it. */
export function kindsOfPacks(packs: readonly Pack[]): Pick<Knowledge, "kinds" | "leftOut"> {
  const owners = new Map<string, string>(kinds.map(({ name }) => [name, SHIPPED.name]));
  const leftOut: string[] = [];
  const own = new Set<ConnectionKind>();
  for (const { kind, label } of packs.flatMap((pack) => pack.kinds)) {
    const owner = owners.get(kind.name);
    if (own.has(kind)) continue;
    if (owner === undefined) {
      owners.set(kind.name, label);
      own.add(kind);
    } else
      leftOut.push(`${label}: the kind "${kind.name}" belongs to ${owner} already: give it another name`);
  }
  return { kinds: [...kinds, ...own], leftOut };
}

/** Runbooks of packs, but those on a kind that was left out; of one on another pack's kind the text is that pack's, too. */
function runbooksOfPacks(packs: readonly Pack[], known: readonly ConnectionKind[]) {
  const origins: Origin[] = [];
  const leftOut: string[] = [];
  for (const pack of packs)
    for (const { label, runbook } of pack.runbooks) {
      const lost = runbook.kinds?.find((kind) => !known.includes(kind));
      const others = (runbook.kinds ?? []).flatMap((kind) => {
        const sum = sumOf(kind, packs);
        return sum === undefined || sum === pack.sha256 ? [] : [sum];
      });
      const digest = others.length === 0 ? runbook.digest : digestOf([runbook.digest, ...others]);
      if (lost === undefined) origins.push({ name: label, runbooks: [{ ...runbook, digest }] });
      else leftOut.push(`${label}: ${runbook.id} is on the kind "${lost.name}", which was left out`);
    }
  return { origins, leftOut };
}

/** All runbooks of these places. Where two have the same id the earlier place keeps it. Exported for its test. */
export function joined(origins: readonly Origin[]): Joined {
  const owners = new Map<string, string>();
  const runbooks: Runbook[] = [];
  const leftOut: string[] = [];
  for (const { name, runbooks: own } of origins)
    for (const runbook of own) {
      const owner = owners.get(runbook.id);
      if (owner === undefined) {
        owners.set(runbook.id, name);
        runbooks.push(runbook);
      } else {
        const taken = owner === name ? "another runbook there" : owner;
        leftOut.push(`${name}: the id "${runbook.id}" belongs to ${taken} already: give it another`);
      }
    }
  return { runbooks, leftOut };
}

/** Pins every pack of the configuration as it is now; runs none of its code. Throws `bad_config` where one is not found. */
export function lockPacks({ packs, path }: Config): { readonly name: string; readonly sha256: string }[] {
  const folder = dirname(path);
  const sums = packs.map((name) => {
    try {
      return [name, lookAt(name, folder).sums] as const;
    } catch (error) {
      throw new DiagError("bad_config", `${name}: ${toDiagError(error).message}`);
    }
  });
  writeLock(folder, Object.fromEntries(sums));
  return sums.map(([name, { sha256 }]) => ({ name, sha256 }));
}

/** Something left out degrades; the rest serves. */
export const knowledgeHealth = (
  { runbooks, leftOut }: Pick<Knowledge, "runbooks" | "leftOut">,
  redact: Redact,
): Health =>
  leftOut.length === 0
    ? { ok: true, detail: count(runbooks.length, "runbook") }
    : { ok: false, detail: redact(`left out: ${leftOut.join("; ")}`) };

/** What the product knows: code and configuration together. */
export const catalogOf = (
  config: Config,
  { kinds, runbooks }: Pick<Knowledge, "kinds" | "runbooks">,
): Catalog => ({
  kinds,
  runbooks,
  systems: config.systems,
  people: config.people,
  policies: config.policies,
  limits: config.limits,
  alerts: config.alerts,
  routes: config.routes,
  freeze: config.freeze,
  checklists: config.checklists,
  schedules: config.schedules,
  maintenance: config.maintenance,
  guideItems: config.guideItems,
  // Without Slack a thread is never posted, so its channel needs no name.
  channel: config.slackChannel ?? (config.environment.slack === undefined ? NO_CHANNEL : undefined),
});
