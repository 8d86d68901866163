import type { Runbook } from "../words/runbook.ts";
import { connectionsOf, type System } from "../words/system.ts";
import type { RunView } from "../words/view.ts";

interface Known {
  readonly runbooks: readonly Runbook[];
  readonly systems: readonly System[];
}

/** What to type for the same run once more, with what was chosen for it: `/diag shop pg-locks waitingSeconds=30`. */
export function sayAgain({ runbooks, systems }: Known, run: RunView): string {
  const runbook = runbooks.find(({ id }) => id === run.runbook);
  const system = systems.find(({ id }) => id === run.system);
  const params = Object.entries(run.params).filter(
    ([name, value]) => value !== undefined && value !== null && !isDefault(runbook, name, value),
  );
  const connections = Object.entries(run.connections).filter(
    ([kind, chosen]) => system === undefined || connectionsOf(system, kind)[0]?.[0] !== chosen,
  );
  const time: [string, string][] = run.applyForMs === undefined ? [] : [["for", inUnits(run.applyForMs)]];
  const words = [...params, ...connections, ...time].map(([name, value]) => `${name}=${written(value)}`);
  return ["/diag", run.system, run.runbook, ...words].join(" ");
}

function isDefault(runbook: Runbook | undefined, name: string, value: unknown): boolean {
  const shape = runbook?.params.shape[name];
  if (shape === undefined) return false;
  const parsed = shape.safeParse(undefined);
  return parsed.success && JSON.stringify(parsed.data) === JSON.stringify(value);
}

/** In whole seconds or minutes, as it can be typed. */
const inUnits = (ms: number): string => (ms % 60_000 === 0 ? `${ms / 60_000}m` : `${Math.round(ms / 1000)}s`);

function written(value: unknown): string {
  const word = Array.isArray(value) ? value.map(String).join(",") : String(value);
  return word === "" || /[\s"'“”„‘\\]/.test(word)
    ? `"${word.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`
    : word;
}
