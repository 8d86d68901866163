import { readFileSync, statSync } from "node:fs";
import { dirname, relative } from "node:path";
import { kindNamed, readConnection } from "../core/rules/connections.ts";
import type { Connection, Kind } from "../core/words/connection.ts";
import { DiagError } from "../core/words/errors.ts";
import { PrincipalId } from "../core/words/ids.ts";
import type { ConnectionKind } from "../core/words/kind.ts";
import type { Principal } from "../core/words/policy.ts";
import type { Runbook } from "../core/words/runbook.ts";
import { secretsOfWebhook } from "../core/words/webhook.ts";
import { ownDoc } from "../lib/own-docs.ts";
import { knownRedactor } from "../lib/redact.ts";
import { checkAuto } from "./auto.ts";
import { readChecks } from "./check-files.ts";
import { unknownItems } from "./checklists.ts";
import { checkFile } from "./checks.ts";
import { differing, takenWords, worldOf } from "./command-rules.ts";
import type { Config } from "./config.ts";
import { type Complaint, type ConfigDocument, readDocument } from "./document.ts";
import { type Role, readEnvironment, type Variables } from "./environment.ts";
import { webhookConcerns } from "./escalation.ts";
import { explainIssue, instead } from "./explain.ts";
import { absentKinds, configPlace, MAX_BYTES } from "./packs.ts";
import { checkAliases, checkRestrictions } from "./restrictions.ts";
import { routesOf } from "./route-schema.ts";
import { checkRouteRunbooks, checkRoutes } from "./routes.ts";
import { type Concern, environmentConcerns, fileConcerns } from "./safety.ts";
import { type ConfigFile, type ConnectionSettings, fileSchema } from "./schema.ts";
import { inUrl, openWords, secretsOf } from "./secrets.ts";

export type { Config } from "./config.ts";

const SHOWN_WITH_SOURCE = 3;

/**
 * Environment and diagbot.yaml. Throws one DiagError `bad_config` whose message lists every complaint of both, one per
 * line; the first few with their source line. `kinds`: of connections that may be configured. `leftOut`: what of the packs was
 * left out, and why: connections of kinds that are not known are then taken as they stand, and say so when they are asked.
 * `serving`: the role of a process about to serve (it needs more variables).
 */
export function loadConfig(options: {
  env: Variables;
  cwd: string;
  kinds: readonly ConnectionKind[];
  leftOut?: readonly string[];
  serving?: Role;
}): Config {
  const { environment, complaints } = readEnvironment(options.env, options.serving);
  const { name, path } = configPlace(options.env, options.cwd);
  const file = readFile(path, name, options);
  const own = byLevel(environment === undefined ? [] : environmentConcerns(environment, options.kinds));
  const all = [...complaints, ...own.refuse.map(messageOf), ...file.complaints];
  if (all.length > 0 || environment === undefined || file.content === undefined)
    throw new DiagError(
      "bad_config",
      hide(file.interpolated, all.join("\n")),
      file.hint === undefined ? {} : { hint: file.hint },
    );
  const { systems, people, audit, slackChannel, webhooks, kinds } = file.content;
  const open = openWords(systems, people, slackChannel);
  return {
    environment,
    ...file.content,
    secrets: [
      ...secretsOf(environment, systems, kinds),
      ...Object.values(webhooks).flatMap((webhook) => [...secretsOfWebhook(webhook), ...inUrl(webhook.url)]),
      ...(audit === undefined ? [] : [audit.key]),
      ...file.interpolated.filter((value) => !open.has(value)),
    ],
    path,
    warnings: [...own.warn.map(messageOf), ...file.warnings],
  };
}

/** A complaint may say which value it means. */
const hide = (secrets: readonly string[], text: string): string => knownRedactor(secrets)(text);

interface FileResult {
  readonly content?: Omit<Config, "environment" | "secrets" | "path" | "warnings">;
  readonly complaints: readonly string[];
  readonly warnings: readonly string[];
  readonly interpolated: readonly string[];
  readonly hint?: string;
}

interface Known {
  readonly env: Variables;
  readonly kinds: readonly ConnectionKind[];
  readonly leftOut?: readonly string[];
}

const NOTHING = { complaints: [], warnings: [], interpolated: [] } as const;

function readFile(path: string, name: string, { env, kinds, leftOut = [] }: Known): FileResult {
  let source: string;
  try {
    if (statSync(path).size > MAX_BYTES)
      return { ...NOTHING, complaints: [`${name} is larger than ${MAX_BYTES} bytes`] };
    source = readFileSync(path, "utf8");
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "";
    return {
      ...NOTHING,
      complaints: [code === "ENOENT" ? `there is no ${name} (${path})` : `${name} cannot be read: ${code}`],
      hint: exampleHint(dirname(path)),
    };
  }
  const document = readDocument(source, name, env);
  const absent = absentKinds(document, kinds, leftOut);
  const beside = { folder: dirname(path), variables: env };
  return understand(document, { kinds: [...kinds, ...absent.kinds], warnings: absent.warnings }, beside);
}

/** Where the example is, as seen from the folder that lacks a configuration: in node_modules, a checkout, or not at all. */
function exampleHint(folder: string): string {
  const example = ownDoc("diagbot.example.yaml");
  if (example === undefined) return "write one (docs/diagbot.example.yaml of diagbot), or set DIAGBOT_CONFIG";
  const near = relative(folder, example);
  return `copy ${near.startsWith("..") ? example : near} to diagbot.yaml and change it, or set DIAGBOT_CONFIG`;
}

function understand(
  document: ConfigDocument,
  { kinds, warnings: absent }: ReturnType<typeof absentKinds>,
  beside: { readonly folder: string; readonly variables: Variables },
): FileResult {
  if (document.value === undefined) return { ...NOTHING, complaints: sayAll(document, document.complaints) };
  const schema = fileSchema(kinds);
  const parsed = schema.safeParse(document.value);
  const issues = (parsed.error?.issues ?? []).flatMap((issue) => explainIssue(issue, document, schema));
  const people = parsed.success ? principalsOf(parsed.data) : [];
  const checked = parsed.success
    ? checkFile(parsed.data, { people, kinds, document })
    : { complaints: [], warnings: [] };
  const routed = parsed.success
    ? checkRoutes(parsed.data.routes, Object.keys(parsed.data.systems), document)
    : { complaints: [], warnings: [] };
  const aliases = parsed.success ? checkAliases(parsed.data.systems, document) : [];
  const unsafe = byLevel(
    parsed.success ? [...fileConcerns(parsed.data, kinds), ...webhookConcerns(parsed.data)] : [],
  );
  const place = ({ path = [], message }: Concern) => document.at(path, `${path.join(".")}: ${message}`);
  const complaints = [
    ...document.complaints,
    ...issues,
    ...checked.complaints,
    ...routed.complaints,
    ...aliases,
    ...(parsed.success ? differing(parsed.data.systems, kinds, document) : []),
    ...(parsed.success ? takenWords(parsed.data.systems, kinds, document) : []),
    ...unsafe.refuse.map(place),
  ];
  const warnings = [...absent, ...checked.warnings, ...routed.warnings, ...unsafe.warn.map(place)];
  const checks = parsed.success
    ? readChecks(parsed.data, document, { ...beside, world: worldOf(kinds) })
    : undefined;
  const result = {
    complaints: [...sayAll(document, firstPerPlace(complaints)), ...(checks?.complaints ?? [])],
    warnings: [...warnings.map((warning) => document.show(warning, false)), ...(checks?.warnings ?? [])],
    interpolated: [...document.interpolated, ...(checks?.interpolated ?? [])],
  };
  if (!parsed.success) return result;
  const schedules = parsed.data.schedules.map((schedule, index) => ({
    ...schedule,
    place: document.place(["schedules", index]),
  }));
  const content = {
    ...contentOf(parsed.data, people, kinds),
    kinds,
    checks: checks?.checks ?? [],
    schedules,
  };
  return {
    ...result,
    content: {
      ...content,
      fits: (runbooks) => fitting(content, { runbooks, kinds: kinds.map(({ name }) => name) }, document),
    },
  };
}

function fitting(
  {
    routes,
    systems,
    schedules,
    checklists,
    policies,
  }: ReturnType<typeof contentOf> & Pick<Config, "schedules">,
  known: { runbooks: readonly Runbook[]; kinds: readonly Kind[] },
  document: ConfigDocument,
): ReturnType<Config["fits"]> {
  const { complaints, warnings } = checkRouteRunbooks(routes, { systems, ...known }, document);
  const all = [
    ...complaints,
    ...unknownItems(checklists, known.runbooks, document),
    ...checkRestrictions(systems, known.runbooks, document),
    ...checkAuto(systems, { ...known, policies }, document),
  ];
  return {
    complaints: [...sayAll(document, firstPerPlace(all)), ...unknownRunbooks(schedules, known.runbooks)],
    warnings: warnings.map((warning) => document.show(warning, false)),
  };
}

const unknownRunbooks = (schedules: Config["schedules"], runbooks: readonly Runbook[]): string[] => {
  const ids = runbooks.map(({ id }) => id);
  return schedules
    .filter(({ runbook }) => !ids.includes(runbook))
    .map(
      ({ place, runbook }) => `${place}: schedules: there is no runbook "${runbook}"${instead(runbook, ids)}`,
    );
};

const messageOf = ({ message }: Concern): string => message;
const byLevel = (concerns: readonly Concern[]) => ({
  refuse: concerns.filter(({ level }) => level === "refuse"),
  warn: concerns.filter(({ level }) => level === "warn"),
});

// A variable that is not set makes its value wrong in other ways too; only the first reason helps.
function firstPerPlace(complaints: readonly Complaint[]): Complaint[] {
  const places = new Map<string, Complaint>();
  for (const complaint of complaints) {
    const place = `${complaint.line}:${complaint.column}:${complaint.message.startsWith("unknown key") ? complaint.message : ""}`;
    if (!places.has(place)) places.set(place, complaint);
  }
  return [...places.values()].sort((a, b) => a.line - b.line || a.column - b.column);
}

const sayAll = (document: ConfigDocument, complaints: readonly Complaint[]): string[] =>
  complaints.map((complaint, index) => document.show(complaint, index < SHOWN_WITH_SOURCE));

const principalsOf = (file: ConfigFile): Principal[] =>
  Object.entries(file.people).map(([id, person]) => ({ id: PrincipalId.parse(id), ...person }));

const contentOf = (file: ConfigFile, people: Principal[], kinds: readonly ConnectionKind[]) => ({
  systems: Object.entries(file.systems).map(([id, { connections, ...system }]) => ({
    ...system,
    id,
    connections: connectionsOf(connections, kinds),
  })),
  people,
  commandLine: file.commandLine,
  policies: file.policies,
  limits: file.limits,
  alerts: file.alerts,
  routes: routesOf(file.routes),
  freeze: file.freeze,
  escalate: file.escalate,
  checklists: file.checklists,
  maintenance: file.maintenance,
  guideItems: file.guideItems,
  webhooks: file.webhooks,
  keep: file.keep,
  audit: file.audit,
  packs: file.runbooks,
  slackChannel: file.slack.channel,
});

const connectionsOf = (
  written: Readonly<Record<string, ConnectionSettings>>,
  kinds: readonly ConnectionKind[],
): Record<string, Connection> =>
  Object.fromEntries(
    Object.entries(written).flatMap(([name, settings]) => {
      const kind = kindNamed(kinds, settings.kind);
      return kind === undefined ? [] : [[name, readConnection(kind, name, settings)]];
    }),
  );
