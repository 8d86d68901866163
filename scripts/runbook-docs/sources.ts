import { readdirSync, readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import type { Action } from "../../src/core/words/action.ts";
import * as sdk from "../../src/sdk/index.ts";

/** What a runbook's file says that its value does not: the comment above it, and every action it may call. */
export interface RunbookSource {
  readonly about: string;
  readonly actions: readonly Action[];
}

const RUNBOOKS = fileURLToPath(new URL("../../runbooks/", import.meta.url));

/**
 * Reads `runbooks/<kind>/<id>.ts` and the helpers it imports. Calls are found by their name in the text (`postgres.idleSessions`),
 * because later stages and remedies only make theirs once something was seen.
 */
export function readSource(id: string): RunbookSource {
  const [file = "", ...helpers] = sourceFiles(id);
  const texts = [file, ...helpers].map((path) => readFileSync(path, "utf8"));
  const names = texts.flatMap((text) => [...text.matchAll(/\b([a-z]+)\.([a-zA-Z]+)\b/g)]);
  const actions = new Map<string, Action>();
  // Whoever asks the kinds asks what stands in their rows of the health matrix.
  if (texts.some((text) => /import \{[^}]*\bkinds\b[^}]*\} from "[^"]*sdk\/index\.ts"/.test(text)))
    for (const action of healthActions()) actions.set(action.name, action);
  for (const [, connector = "", maker = ""] of names) {
    const action = actionOf(connector, maker);
    if (action !== undefined) actions.set(action.name, action);
  }
  return { about: commentAbove(readFileSync(file, "utf8")), actions: [...actions.values()] };
}

/** Paths of a runbook's file, which comes first, and of all it imports from `runbooks/`. */
export const sourceFiles = (id: string): string[] => [...withImports(`${RUNBOOKS}${fileOf(id)}`)];

function healthActions(): Action[] {
  const all = sdk.kinds.flatMap(({ connector }) => connector?.actions ?? []);
  const asked = sdk.kinds.flatMap(({ health }) => health ?? []).map(({ call }) => call.action);
  return all.filter(({ name }) => asked.includes(name));
}

function fileOf(id: string): string {
  const all = readdirSync(RUNBOOKS, { recursive: true, encoding: "utf8" });
  const found = all.find((path) => path === `${id}.ts` || path.endsWith(`/${id}.ts`));
  if (found === undefined) throw new Error(`no file ${id}.ts in runbooks/`);
  return found;
}

function withImports(file: string, seen = new Set<string>()): Set<string> {
  if (seen.has(file)) return seen;
  seen.add(file);
  const imports = readFileSync(file, "utf8").matchAll(/from "(\.{1,2}\/[^"]+\.ts)"/g);
  for (const [, path = ""] of imports) {
    const target = resolve(dirname(file), path);
    if (target.startsWith(RUNBOOKS)) withImports(target, seen);
  }
  return seen;
}

function actionOf(connector: string, maker: string): Action | undefined {
  const room: unknown = (sdk as Record<string, unknown>)[connector];
  if (typeof room !== "object" || room === null) return undefined;
  const made: unknown = (room as Record<string, unknown>)[maker];
  return typeof made === "function" && "action" in made ? (made.action as Action) : undefined;
}

function commentAbove(text: string): string {
  const found =
    /\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\s*(?:export )?const \w+ = (?:\([^)]*\) =>\s*)?runbook(?:On)?\(/.exec(
      text,
    );
  return (found?.[1] ?? "")
    .split("\n")
    .map((line) => line.replace(/^\s*\*?\s?/, "").trim())
    .join(" ")
    .trim();
}
