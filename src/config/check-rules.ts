import { badPlaceholder, placeholdersIn } from "../core/rules/checks/fill.ts";
import { type Check, HTTP_COLUMNS, PROBES, ROWS, SAMPLES_COLUMNS, targetOf } from "../core/words/check.ts";
import type { CheckComplaint, CheckWorld } from "./check-world.ts";
import { columnsAsked, wrongCommand, wrongRemedies } from "./command-rules.ts";
import { instead } from "./explain.ts";
import type { ConfigFile } from "./schema.ts";

type Systems = ConfigFile["systems"];

/** What the shape of a check cannot say: whether it fits itself and the systems. Pure. */
export const checkComplaints = (
  check: Check,
  systems: Systems,
  { kinds, commandsOf, columnsOf }: CheckWorld,
): CheckComplaint[] => [
  ...wrongTexts(check, columnsAsked(check, systems, columnsOf)),
  ...wrongTarget(check, systems),
  ...wrongCommand(check, systems, commandsOf),
  ...wrongRemedies(check, systems, commandsOf),
  ...check.needs.flatMap((kind, index) =>
    kinds.includes(kind)
      ? []
      : [{ path: ["needs", index], message: `"${kind}" is no kind of connection${instead(kind, kinds)}` }],
  ),
  ...(check.systems ?? []).flatMap((system, index) =>
    system in systems
      ? []
      : [
          {
            path: ["systems", index],
            message: `there is no system "${system}"${instead(system, Object.keys(systems))}`,
          },
        ],
  ),
];

const TEXTS = ["title", "because", "advice"] as const;

/** Placeholders and columns. Those of SQL and PromQL are known once it has been asked. */
function wrongTexts(check: Check, asked: readonly string[] | undefined): CheckComplaint[] {
  const known = asked ?? knownColumns(check);
  const unknown = (column: string, path: readonly PropertyKey[]): CheckComplaint[] =>
    known === undefined || known.includes(column)
      ? []
      : [{ path, message: `there is no column "${column}"${instead(column, known)}` }];
  return check.findings.flatMap((finding, index) => [
    ...Object.keys(finding.when).flatMap((column) => unknown(column, ["findings", index, "when", column])),
    ...TEXTS.flatMap((name) => {
      const text = finding[name] ?? "";
      const path = ["findings", index, name];
      const bad = badPlaceholder(text);
      if (bad !== undefined)
        return [{ path, message: `"${bad}" is no placeholder: write {{column}}; there are no expressions` }];
      return placeholdersIn(text).flatMap((column) => (column === "matches" ? [] : unknown(column, path)));
    }),
  ]);
}

function knownColumns({ http, redis }: Check): string[] | undefined {
  if (http !== undefined) return [...httpColumns(http), ROWS];
  return redis === undefined ? undefined : [...Object.keys(redis), ROWS];
}

const httpColumns = ({ fields, headers, text, metrics, samples }: NonNullable<Check["http"]>): string[] => [
  ...HTTP_COLUMNS,
  ...(samples === undefined ? [] : SAMPLES_COLUMNS),
  ...[fields, headers, text, metrics].flatMap((columns) => Object.keys(columns)),
];

function wrongTarget(check: Check, systems: Systems): CheckComplaint[] {
  const { kind, name } = targetOf(check);
  if (name === undefined) return [];
  const path = ["on"];
  const has = (wanted: string) => Object.values(PROBES).some((probe) => probe === wanted);
  const named = Object.entries(systems)
    .filter(([id]) => check.systems?.includes(id) ?? true)
    .flatMap(([, { connections }]) => Object.entries(connections));
  const mine = named.filter(([, connection]) => connection.kind === kind).map(([one]) => one);
  if (mine.includes(name)) return [];
  const other = named.find(([one]) => one === name)?.[1].kind ?? (has(name) ? name : undefined);
  if (other !== undefined && other !== kind)
    return [{ path, message: `it asks a ${kind} connection, and "${name}" is ${other}` }];
  return [{ path, message: `no system has a ${kind} connection "${name}"${instead(name, [kind, ...mine])}` }];
}

/** Whether a system has what the check asks, as far as its own keys say. */
export function hasWhatItAsks(check: Check, id: string, { connections }: Systems[string]): boolean {
  const { kind, name } = targetOf(check);
  const kinds = Object.values(connections).map((connection) => connection.kind);
  return (
    (check.systems?.includes(id) ?? true) &&
    (name === undefined ? kinds.includes(kind) : connections[name]?.kind === kind) &&
    check.needs.every((wanted) => kinds.includes(wanted))
  );
}
