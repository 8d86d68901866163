import type { Document } from "mongodb";

// The few stages and operators that diagbot sends; anything else is an error, as a typo would be.

/** A value by its dotted path. */
function at(document: unknown, path: string): unknown {
  return path
    .split(".")
    .reduce<unknown>(
      (value, name) => (typeof value === "object" && value !== null ? (value as Document)[name] : undefined),
      document,
    );
}

const OPERATORS: Readonly<Record<string, (value: unknown, wanted: never) => boolean>> = {
  $exists: (value, wanted: boolean) => (value !== undefined) === wanted,
  $gte: (value, wanted: number) => typeof value === typeof wanted && (value as number) >= wanted,
  $gt: (value, wanted: number) => typeof value === typeof wanted && (value as number) > wanted,
};

/** Whether a document fits a filter. */
export function fits(document: Document, filter: Document): boolean {
  return Object.entries(filter).every(([name, wanted]) => {
    if (name === "$or") return (wanted as Document[]).some((one) => fits(document, one));
    if (name.startsWith("$")) throw new Error(`the emulated server does not know ${name}`);
    const value = at(document, name);
    if (typeof wanted !== "object" || wanted === null || wanted instanceof Date) return value === wanted;
    return Object.entries(wanted as Document).every(([operator, operand]) => {
      const test = OPERATORS[operator];
      if (test === undefined) throw new Error(`the emulated server does not know ${operator}`);
      return test(value, operand as never);
    });
  });
}

/** Keeps the named paths. */
function projected(document: Document, fields: Document): Document {
  const kept: Document = {};
  for (const path of Object.keys(fields)) {
    const value = at(document, path);
    if (value === undefined) continue;
    const names = path.split(".");
    const last = names.pop() ?? path;
    let into = kept;
    for (const name of names) {
      into[name] = { ...(into[name] as Document) };
      into = into[name] as Document;
    }
    into[last] = value;
  }
  return kept;
}

const STAGES: Readonly<Record<string, (documents: Document[], stage: never) => Document[]>> = {
  $match: (documents, filter: Document) => documents.filter((one) => fits(one, filter)),
  $limit: (documents, most: number) => documents.slice(0, most),
  $project: (documents, fields: Document) => documents.map((one) => projected(one, fields)),
  $sort: (documents, by: Document) => {
    const [[name, way] = ["", 1]] = Object.entries(by) as [string, number][];
    return documents.toSorted((a, b) => way * (Number(at(a, name) ?? 0) - Number(at(b, name) ?? 0)));
  },
};

/** What the stages after the first make of its documents. */
export const through = (documents: readonly Document[], stages: readonly Document[]): Document[] =>
  stages.reduce<Document[]>(
    (all, stage) => {
      const [[name, body] = ["", undefined]] = Object.entries(stage);
      const make = STAGES[name];
      if (make === undefined) throw new Error(`the emulated server does not know ${name}`);
      return make(all, body as never);
    },
    [...documents],
  );
