import type { Json } from "../../../src/core/words/json.ts";
import type { Answer, Asked, Patch, Route, State } from "./spec.ts";
import { mapOf, partOf, patched } from "./state.ts";

/** A page that is always the same. */
export const page = (path: string, body: Json, headers?: Readonly<Record<string, string>>): Route => ({
  on: `GET ${path}`,
  answer: () => ({ body, ...(headers === undefined ? {} : { headers }) }),
});

/** HTML, as a browser is sent it. */
export const html = (path: string, text: string): Route => page(path, text, { "content-type": "text/html" });

/** A page made of the state. */
export const shows = (path: string, body: (state: State) => Json): Route => ({
  on: `GET ${path}`,
  answer: ({ state }) => ({ body: body(state) }),
});

/** A health page: the parts that the state has below `health`, each in a word; 503 where one is neither ok nor authenticated. */
export const health = (path: string, ...parts: readonly string[]): Route => ({
  on: `GET ${path}`,
  answer: ({ state }) => {
    const all = mapOf(state, "health");
    const components = Object.fromEntries(parts.map((part) => [part, all[part] ?? "ok"]));
    const ok = Object.values(components).every((word) => word === "ok" || word === "authenticated");
    return {
      status: ok ? 200 : 503,
      body: {
        status: ok ? "healthy" : "unhealthy",
        ...Object.fromEntries(Object.entries(components).map(([part, status]) => [part, { status }])),
      },
    };
  },
});

const MISSING: Answer = { status: 404, body: { error: "there is no such thing" } };

/** What follows from a change besides the change itself. */
type Effect = (changed: State, params: Readonly<Record<string, string>>) => Patch;

const within = (path: readonly string[], patch: Json): Patch =>
  path.reduceRight<Json>((inner, word) => ({ [word]: inner }), patch) as Patch;

/**
 * Something that can be read and changed: GET shows the part of the state at `at`, PATCH changes what it has (anything else is
 * answered 422); with `ttlSeconds`, unless that is something it has, for so long only. `{name}` in the path and in `at` are alike.
 */
export function setting(path: string, at: readonly string[], effect: Effect = () => ({})): Route[] {
  const way = (params: Asked["params"]): string[] =>
    at.map((word) => (/^\{\w+\}$/.test(word) ? (params[word.slice(1, -1)] ?? "") : word));
  return [
    {
      on: `GET ${path}`,
      answer: ({ state, params }) => {
        const found = partOf(state, way(params));
        return found === undefined ? MISSING : { body: found };
      },
    },
    {
      on: `PATCH ${path}`,
      answer: ({ state, params, body }) => {
        const found = partOf(state, way(params));
        if (found === undefined) return MISSING;
        const now = mapOf(state, ...way(params));
        const { ttlSeconds, ...others } = body;
        const isLease = !("ttlSeconds" in now);
        const wanted = isLease ? others : body;
        const unknown = Object.keys(wanted).filter((key) => !(key in now));
        if (unknown.length > 0) return { status: 422, body: { error: `not known: ${unknown.join(", ")}` } };
        const change = within(way(params), wanted);
        return {
          body: { ...now, ...wanted },
          set: patched(change, effect({ ...now, ...wanted }, params)),
          ...(isLease && typeof ttlSeconds === "number" && ttlSeconds > 0 ? { seconds: ttlSeconds } : {}),
        };
      },
    },
  ];
}

/** A map of the state as a list: each entry with its key as `name`. */
export const listed = (path: string, key: string, rows: string): Route =>
  shows(path, (state) => ({
    [rows]: Object.entries(mapOf(state, key)).map(([name, entry]) => ({ name, ...(entry as State) })),
  }));
