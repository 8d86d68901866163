import { readFileSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { z } from "zod";
import { absentKind } from "../core/rules/absent-kind.ts";
import type { ConnectionKind } from "../core/words/kind.ts";
import { closest } from "../lib/closest.ts";
import { type Complaint, type ConfigDocument, readDocument } from "./document.ts";
import type { Variables } from "./environment.ts";

/** Of diagbot.yaml: more is no configuration that anybody wrote. */
export const MAX_BYTES = 1_000_000;

/** `runbooks:` of diagbot.yaml. Packs: `./folder`, `./file.ts` or the name of a package. */
export const PackNames = z.array(z.string().min(1).max(300)).max(50).default([]);

/** Where diagbot.yaml lies, and how people are told of it. */
export function configPlace(env: Variables, cwd: string): { readonly name: string; readonly path: string } {
  const name = env.DIAGBOT_CONFIG || "diagbot.yaml";
  return { name, path: resolve(cwd, name) };
}

/**
 * The packs that diagbot.yaml names, before anything of it is judged: they bring kinds that its connections are held to. None
 * where it cannot be read or says something else there: `loadConfig` says what is wrong.
 */
export function packsNamed({ env, cwd }: { env: Variables; cwd: string }): {
  readonly names: readonly string[];
  readonly folder: string;
} {
  const { name, path } = configPlace(env, cwd);
  const folder = dirname(path);
  try {
    if (statSync(path).size > MAX_BYTES) return { names: [], folder };
    const { value } = readDocument(readFileSync(path, "utf8"), name, env);
    const { data } = z.looseObject({ runbooks: PackNames }).safeParse(value);
    return { names: data?.runbooks ?? [], folder };
  } catch {
    return { names: [], folder };
  }
}

const Connections = z.looseObject({
  systems: z.record(
    z.string(),
    z.looseObject({ connections: z.record(z.string(), z.looseObject({ kind: z.string() })) }).catch({
      connections: {},
    }),
  ),
});
const KIND = /^[a-z][a-z0-9]*$/;

/**
 * What stands in for kinds that diagbot does not know, where something of the packs was left out: it may have been theirs, and
 * what is left out keeps nothing else from serving. With a warning at each of their connections.
 */
export function absentKinds(
  document: ConfigDocument,
  kinds: readonly ConnectionKind[],
  leftOut: readonly string[],
): { readonly kinds: readonly ConnectionKind[]; readonly warnings: readonly Complaint[] } {
  const [first] = leftOut;
  const { data } = Connections.safeParse(document.value);
  if (first === undefined || data === undefined) return { kinds: [], warnings: [] };
  const known = kinds.map(({ name }) => name);
  const absent = Object.entries(data.systems).flatMap(([system, { connections }]) =>
    Object.entries(connections)
      .filter(([, { kind }]) => KIND.test(kind) && !known.includes(kind))
      .map(([name, { kind }]) => ({ kind, path: ["systems", system, "connections", name] })),
  );
  const more = leftOut.length === 1 ? "" : ` (and ${leftOut.length - 1} more)`;
  return {
    kinds: [...new Set(absent.map(({ kind }) => kind))].map((kind) => absentKind(kind, `${first}${more}`)),
    warnings: absent.map(({ kind, path }) => {
      const near = closest(kind, known);
      const meant = near === undefined ? "" : `; or did you mean "${near}"?`;
      return document.at(
        path,
        `${path.join(".")}: cannot be asked: diagbot does not know the kind "${kind}", and a pack that may bring it was left out${meant}`,
      );
    }),
  };
}
