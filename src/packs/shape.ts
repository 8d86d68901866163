import { z } from "zod";
import { kinds } from "../connectors/index.ts";
import type { ConnectionKind } from "../core/words/kind.ts";
import { RISKS } from "../core/words/risk.ts";
import type { Runbook } from "../core/words/runbook.ts";
import { LabelMatch } from "../core/words/system.ts";
import { isRunbook, isUnfinished } from "../sdk/made.ts";
import { aFunction, kindsAmong, looksLikeKind, wrongWithKind } from "./kind-shape.ts";

/** What a module of a pack brings. */
export interface Brought {
  readonly runbooks: readonly Runbook[];
  /** Those exported, and those that runbooks among the exports are on. */
  readonly kinds: readonly ConnectionKind[];
  /** What of it is wrong, a line each. */
  readonly wrong: readonly string[];
}

const title = z.string("must be text").trim().min(1, "is empty").max(150, "is longer than 150 characters");

const RemedyShape = z.union([
  z.looseObject({ title, risk: z.enum(RISKS), advice: z.union([z.string(), aFunction]) }),
  z.looseObject({ title, risk: z.enum(RISKS), do: aFunction }),
]);
const Remedy = z.custom(
  (value) => RemedyShape.safeParse(value).success,
  "must be made by book.does(…), book.runs(…) or book.advises(…), with a title",
);

/** What the types promise, once more: a pack may be JavaScript, or have been compiled without them. */
const Shape = z.looseObject({
  id: z
    .string("must be text")
    .max(80)
    .regex(/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/, "must be lower-case words joined by -"),
  title,
  covers: z.array(z.string()),
  params: z.custom((value) => value instanceof z.ZodObject, "must be z.object({…}), with `z` of diagbot/sdk"),
  alerts: z.array(LabelMatch.refine((labels) => Object.keys(labels).length > 0, "fits no alert")),
  fromAlert: aFunction.optional(),
  explains: z.union([z.literal("all"), z.array(z.string())]).optional(),
  remedies: z.record(z.string(), Remedy),
});

type Named<T> = readonly (readonly [string, T])[];

/** The runbooks and kinds among the exports of a module, alone or in lists; other exports are its own affair. */
export function broughtBy(exports: Readonly<Record<string, unknown>>): Brought {
  const named = Object.entries(exports).flatMap(([name, value]): [string, unknown][] =>
    Array.isArray(value) ? value.map((one, index) => [`${name}[${index}]`, one]) : [[name, value]],
  );
  const own = named.flatMap(([name, value]): [string, Runbook][] =>
    isRunbook(value) ? [[name, value]] : [],
  );
  const asked = own.flatMap(([name, { kinds = [] }]) => kinds.map((kind): [string, unknown] => [name, kind]));
  const kinds = sound(kindsAmong([...named, ...asked]), wrongWithKind);
  const runbooks = sound(own, wrongWithRunbook);
  return {
    runbooks: runbooks.sound,
    kinds: kinds.sound,
    wrong: [...kinds.wrong, ...runbooks.wrong, ...strangers(named, own.length > 0)],
  };
}

/** Each once, and what is wrong with the others by the name of an export. */
function sound<T>(named: Named<T>, wrongWith: (one: T) => readonly string[]) {
  const names = new Map(named.toReversed().map(([name, one]) => [one, name]));
  const all = [...names].reverse().map(([one, name]) => ({ one, name, why: wrongWith(one) }));
  return {
    sound: all.filter(({ why }) => why.length === 0).map(({ one }) => one),
    wrong: all.filter(({ why }) => why.length > 0).map(({ name, why }) => `${name}: ${why.join("; ")}`),
  };
}

/** What was meant to be one of them, and is not. */
const strangers = (named: Named<unknown>, hasRunbooks: boolean): string[] =>
  named.flatMap(([name, value]) => {
    if (isRunbook(value)) return [];
    if (looksLikeKind(value)) return [`${name}: ${notMadeBy("connectionKind")}`];
    if (looksLikeRunbook(value)) return [`${name}: ${notMadeBy("runbookOn")}`];
    return !hasRunbooks && isUnfinished(value)
      ? [`${name}: it is not finished: it ends with .remedies({…}).findings((find) => […])`]
      : [];
  });

const notMadeBy = (maker: string): string =>
  `it was not made by \`${maker}\` of this diagbot: import it from "diagbot/sdk", and do not bundle that`;

function wrongWithRunbook(runbook: Runbook): string[] {
  const known = [...kinds, ...(runbook.kinds ?? [])].map(({ name }) => name);
  // JavaScript may name any kind; only one that is given itself is known wherever the runbook is.
  const needs = runbook.needs.flatMap((kind, index) =>
    known.includes(kind)
      ? []
      : `needs.${index} is no kind of connection: for one of your own give runbookOn the kind itself`,
  );
  return [
    ...needs,
    ...(Shape.safeParse(runbook).error?.issues ?? []).map(sayIssue),
    ...writesOfNobody(runbook),
  ];
}

/** A pack adds actions by kinds of its own only: nobody would find these when a plan is made. */
function writesOfNobody({ remedies, kinds: own = [] }: Runbook): string[] {
  const known = [...kinds, ...own].flatMap(
    ({ connector }) => connector?.actions.map(({ name }) => name) ?? [],
  );
  return Object.entries(remedies).flatMap(([key, remedy]) =>
    remedy.advice !== undefined || remedy.action === undefined || known.includes(remedy.action)
      ? []
      : `remedies.${key} makes ${remedy.action}, which is no action of a kind: what diagbot's own kinds can do is fixed; declare a command in diagbot.yaml and offer it by book.runs(…), or bring a kind of your own`,
  );
}

const looksLikeRunbook = (value: unknown): boolean =>
  typeof value === "object" && value !== null && "id" in value && "stages" in value && "remedies" in value;

const sayIssue = ({ path, message }: z.core.$ZodIssue): string =>
  path.length === 0 ? message : `${path.map(String).join(".")} ${message}`;
