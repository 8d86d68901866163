import { type ConnectionFace, type Finding, redis, rows } from "../../src/sdk/index.ts";

const ends = (connections: readonly ConnectionFace[]) =>
  connections.flatMap(({ endpoint }) => (endpoint === undefined ? [] : [endpoint]));

/** It follows somebody nobody named. Pure. */
export function masterFinding<const R extends string>(
  state: redis.RedisState,
  connections: readonly ConnectionFace[],
  remedy: R,
): Finding<R> | undefined {
  const found = redis.unknownMaster(state, ends(connections));
  if (found === undefined) return undefined;
  const { id, severity, title, because } = found;
  return {
    ...{ id, severity, title, because },
    explains: ["master-link-down", "read-only", "replica", "loading", "master-down"],
    remedies: [remedy],
  };
}

export const masterAdvice = (
  state: redis.RedisState | undefined,
  connections: readonly ConnectionFace[],
): string => (state === undefined ? "" : (redis.unknownMaster(state, ends(connections))?.advice ?? ""));

/** A module that is none of the published ones: no fault in itself, but somebody should know it. Pure. */
export function moduleFinding<const R extends string>(
  modules: readonly { readonly name: string; readonly path: string }[],
  remedy: R,
): Finding<R> | undefined {
  const [first] = modules;
  if (first === undefined) return undefined;
  return {
    id: "unknown-module",
    severity: "info",
    title: `A module that is none of the published ones is loaded: ${first.name}`,
    because:
      "A module runs inside the server and may do whatever it may. Either it is your own or a service's, or strangers brought it.",
    evidence: [
      rows("Modules", modules, {
        module: (one) => one.name,
        from: (one) => one.path || "not said",
      }),
    ],
    remedies: [remedy],
  };
}

export const MODULE_ADVICE =
  "`loadmodule` in its configuration (or `--loadmodule` in its command line) names a module that was meant; one that is in neither was loaded while it ran (MODULE LOAD). If nobody of you knows it, treat the server as broken into: take it off the network before anything else, and keep the file as evidence.";
