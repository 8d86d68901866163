import { hostname } from "node:os";
import { dirname, resolve } from "node:path";
import { commands } from "../../commands/index.ts";
import type { ArchiveAsk, CliDeps, RunAsk, VoteAsk } from "../cli/deps.ts";
import { type CliCaller, whoIs } from "../cli/who.ts";
import { processEnvironment } from "../config/environment.ts";
import { type Config, loadConfig } from "../config/load.ts";
import { kinds } from "../connectors/index.ts";
import type { Entry } from "../core/ports/intake.ts";
import type { Archived } from "../core/words/audit.ts";
import { DiagError, toDiagError } from "../core/words/errors.ts";
import type { RunId } from "../core/words/ids.ts";
import type { Reply } from "../core/words/reply.ts";
import type { RunView } from "../core/words/view.ts";
import { parseNotification } from "../ingress/alertmanager/notification.ts";
import { knownOf } from "../ingress/known.ts";
import { mustBeKnown, mustRead } from "../ingress/rights.ts";
import { routed } from "../ingress/routing/route-alerts.ts";
import { splitGroups } from "../ingress/routing/split.ts";
import { accountName } from "../lib/account-name.ts";
import { randomId } from "../lib/random-id.ts";
import { knownRedactor, type Redact } from "../lib/redact.ts";
import { migrate } from "../store/index.ts";
import { archiveAudit } from "./archive.ts";
import { verifyWithCheckpoints } from "./checkpoints.ts";
import { type AppDeps, openDeps } from "./deps.ts";
import { diagnoseSelf } from "./doctor.ts";
import { doorOf } from "./door.ts";
import { runOf, waitForRun, workInline } from "./inline.ts";
import { catalogOf, lockPacks, shipped } from "./knowledge.ts";
import { loadProduct, type Product } from "./product.ts";
import { recordingFolders, testRecordings, writeRecording } from "./recordings.ts";
import { untilStopped } from "./signals.ts";

const WORKER_IS_ALIVE_MS = 10_000;

/** Calls it at first use. */
function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}

/**
 * What the command line asks of the product. Configuration and connections are made at first use, and packs are loaded only by
 * what needs more of diagbot.yaml than where it lies, its people and its secrets: `packs lock` pins what nobody has run yet.
 */
export function createCliDeps(cwd: string): CliDeps {
  const place = { env: processEnvironment(), cwd };
  const configured = once(() => loadConfig({ ...place, kinds, leftOut: ["packs are not loaded for this"] }));
  let redact: Redact | undefined;
  const product = once(async () => {
    const loaded = await loadProduct(place);
    redact = knownRedactor(loaded.config.secrets);
    return loaded;
  });
  let deps: Promise<AppDeps> | undefined;
  const opened = (): Promise<AppDeps> => (deps ??= product().then(openMigrated));
  const redactBefore = once(() => redactorOf(configured));
  return {
    redact: (text) => (redact ?? redactBefore())(text),
    cwd: () => cwd,
    shipped: () => shipped.runbooks,
    knowledge: async () => (await product()).knowledge,
    lockPacks: () => lockPacks(configured()),
    kinds: () => kinds,
    config: async () => (await product()).config,
    who: () => whoAsks(configured()),
    submit: async (ask) => submit(await opened(), ask),
    ask: async (command, words, more) => ask(await opened(), command, words, more),
    run: async (id) => readRun(await opened(), id),
    queueTakes: async () => (await opened()).dispatcher.hasTaken(),
    hasWorker: async () => (await (await opened()).store.sweep.workers(WORKER_IS_ALIVE_MS)).length > 0,
    waitForRun: async (id) => waitForRun(await opened(), id),
    workInline: async (id) => workInline(await opened(), id),
    record: async (view, ask) => {
      const { catalog, redact, config } = await opened();
      return writeRecording(catalog, view, { ...ask, folder: dirname(config.path) }, redact);
    },
    testRecordings: async (ask, note) => {
      const [runbooks, folder] = await product().then(
        ({ config, knowledge }) => [knowledge.runbooks, dirname(config.path)] as const,
        (error: unknown) => {
          note(`only what diagbot ships: ${toDiagError(error).message}`);
          return [shipped.runbooks, cwd] as const;
        },
      );
      return testRecordings(runbooks, { ...ask, cwd, folders: recordingFolders(folder) });
    },
    vote: async (ask) => vote(await opened(), ask),
    answer: async (ask) => (await doorOf(await opened()).answer(entry(ask), { ...ask, via: "cli" })).result,
    auditVerify: async ({ checkpoints, archives }) =>
      verifyWithCheckpoints((await opened()).pool, configured().audit, checkpoints, archives),
    archive: async (ask, say) => archive(await opened(), { ...ask, to: resolve(cwd, ask.to) }, say),
    keepsAuditMs: () => configured().keep.audit,
    migrate: async () => {
      const fresh = openDeps(configured(), shipped, { maxConnections: 1 });
      return migrate(fresh.pool).finally(() => fresh.close());
    },
    doctor: async (role, tell) => diagnoseSelf(await product(), role, tell),
    route: async (body) => {
      const { config, knowledge } = await product();
      const catalog = catalogOf(config, knowledge);
      const { notification } = await parseNotification(body);
      const { heartbeats, groups } = splitGroups(catalog.routes, notification);
      return { heartbeats, groups: groups.map((group) => routed(catalog, group)) };
    },
    closeIncident: async (ask) => closeIncident(await opened(), ask),
    serve: async (role) => {
      const { startApp } = await import("../app.ts");
      await untilStopped(await startApp(await loadProduct({ ...place, serving: role }), role));
    },
    close: async () => {
      if (deps !== undefined) await (await deps).close();
    },
  };
}

/** What is wrong with the configuration is said by what needs it, and without secrets by `loadConfig` itself. */
function redactorOf(configured: () => Config): Redact {
  try {
    return knownRedactor(configured().secrets);
  } catch {
    return (text) => text;
  }
}

async function openMigrated({ config, knowledge }: Product): Promise<AppDeps> {
  const deps = openDeps(config, knowledge, { maxConnections: 4, forPeople: true });
  try {
    await migrate(deps.pool);
    return deps;
  } catch (error) {
    await deps.close();
    throw error;
  }
}

const entry = (ask: unknown): Entry => ({
  source: "cli",
  dedupeKey: `cli:${randomId()}`,
  raw: JSON.stringify(ask),
});

const whoAsks = ({ environment, people, commandLine }: Config): CliCaller =>
  whoIs({ name: accountName(), host: hostname(), sudoUser: environment.sudoUser }, people, commandLine);

/** Of people of diagbot.yaml: the record says who took what out of it. */
async function archive(deps: AppDeps, asked: ArchiveAsk, say: (line: string) => void): Promise<Archived> {
  const { caller } = whoAsks(deps.config);
  mustBeKnown(caller, "archive the audit record");
  return archiveAudit(
    { pool: deps.pool, audit: deps.config.audit, by: caller.principal ?? caller.name },
    asked,
    say,
  );
}

/** The same words and rights as `/diag close`. */
async function closeIncident(deps: AppDeps, ask: { incident: string; reason: string }): Promise<string> {
  const { caller } = whoAsks(deps.config);
  const door = doorOf(deps);
  const intent = door.plan(`close ${ask.incident} ${ask.reason}`, caller);
  const { error, title } = await door.receive(entry(ask), intent, caller, {});
  if (error === undefined) return title;
  const { code, message, hint } = error;
  throw new DiagError(code, message, hint === undefined ? {} : { hint });
}

async function ask(
  deps: AppDeps,
  name: string,
  words: readonly string[],
  more: { readonly dryRun?: boolean } = {},
): Promise<Reply> {
  const { caller } = whoAsks(deps.config);
  const command = commands.find((candidate) => candidate.name === name);
  if (command === undefined) throw new DiagError("bug", `there is no subcommand ${name}`);
  return doorOf(deps).receive(
    entry({ command: name, words }),
    command.plan(words, caller, knownOf(deps.catalog)),
    caller,
    more,
  );
}

async function readRun(deps: AppDeps, id: RunId): Promise<RunView | undefined> {
  const run = await deps.store.reader.run(id);
  if (run !== undefined) mustRead(deps.catalog, whoAsks(deps.config).caller, run.system);
  return run;
}

async function submit(deps: AppDeps, ask: RunAsk) {
  const { caller } = whoAsks(deps.config);
  const intent = { do: "run" as const, system: ask.system, runbook: ask.runbook, params: ask.params };
  const reply = await doorOf(deps).receive(entry(ask), intent, caller, { dryRun: ask.dryRun });
  if (reply.error !== undefined) {
    const { code, message, hint } = reply.error;
    throw new DiagError(code, message, hint === undefined ? {} : { hint });
  }
  if (reply.run === undefined) throw new DiagError("bug", "the door accepted the request without a run");
  return reply.run;
}

async function vote(deps: AppDeps, ask: VoteAsk) {
  const { result } = await doorOf(deps).vote(entry(ask), { ...ask, via: "cli" });
  const alive = await deps.store.sweep.workers(WORKER_IS_ALIVE_MS);
  if (alive.length === 0 && result.state === "approved") await workInline(deps, result.run);
  else if (result.state === "denied") await runOf(deps, result.run);
  return result;
}
