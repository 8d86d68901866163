import { z } from "zod";
import { kinds } from "../connectors/index.ts";
import { RISKS } from "../core/words/risk.ts";
import type { Runbook } from "../core/words/runbook.ts";
import { LabelMatch } from "../core/words/system.ts";
import { isRunbook, isUnfinished } from "../sdk/made.ts";

/** What a module of a pack brings. */
export interface Brought {
  readonly runbooks: readonly Runbook[];
  /** What of it is wrong, a line each. */
  readonly wrong: readonly string[];
}

const aFunction = z.custom<() => unknown>((value) => typeof value === "function", "must be a function");
const title = z.string("must be text").trim().min(1, "is empty").max(150, "is longer than 150 characters");

const RemedyShape = z.union([
  z.looseObject({ title, risk: z.enum(RISKS), advice: z.union([z.string(), aFunction]) }),
  z.looseObject({ title, risk: z.enum(RISKS), do: aFunction }),
]);
const Remedy = z.custom(
  (value) => RemedyShape.safeParse(value).success,
  "must be made by book.does(…) or book.advises(…), with a title",
);

/** What the types promise, once more: a pack may be JavaScript, or have been compiled without them. */
const Shape = z.looseObject({
  id: z
    .string("must be text")
    .max(80)
    .regex(/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/, "must be lower-case words joined by -"),
  title,
  needs: z.array(
    z.string().refine((kind) => kinds.some(({ name }) => name === kind), "is no kind of connection"),
  ),
  covers: z.array(z.string()),
  params: z.custom((value) => value instanceof z.ZodObject, "must be z.object({…}), with `z` of diagbot/sdk"),
  alerts: z.array(LabelMatch.refine((labels) => Object.keys(labels).length > 0, "fits no alert")),
  fromAlert: aFunction.optional(),
  explains: z.union([z.literal("all"), z.array(z.string())]).optional(),
  remedies: z.record(z.string(), Remedy),
});

/** The runbooks among the exports of a module, alone or in lists; other exports are its own affair. */
export function runbooksIn(exports: Readonly<Record<string, unknown>>): Brought {
  const named = Object.entries(exports).flatMap(([name, value]): [string, unknown][] =>
    Array.isArray(value) ? value.map((one, index) => [`${name}[${index}]`, one]) : [[name, value]],
  );
  const own = named.filter(([, value]) => isRunbook(value));
  const runbooks = new Set<Runbook>();
  const wrong: string[] = [];
  for (const [name, value] of own) {
    const parsed = Shape.safeParse(value);
    if (parsed.success) runbooks.add(value as Runbook);
    else wrong.push(`${name}: ${parsed.error.issues.map(sayIssue).join("; ")}`);
  }
  for (const [name, value] of named) {
    if (isRunbook(value)) continue;
    if (looksLikeRunbook(value))
      wrong.push(
        `${name}: it was not made by \`runbookOn\` of this diagbot: import it from "diagbot/sdk", and do not bundle that`,
      );
    else if (own.length === 0 && isUnfinished(value))
      wrong.push(`${name}: it is not finished: it ends with .remedies({…}).findings((find) => […])`);
  }
  return { runbooks: [...runbooks], wrong };
}

const looksLikeRunbook = (value: unknown): boolean =>
  typeof value === "object" && value !== null && "id" in value && "stages" in value && "remedies" in value;

const sayIssue = ({ path, message }: z.core.$ZodIssue): string =>
  path.length === 0 ? message : `${path.map(String).join(".")} ${message}`;
