import { parseArgs } from "node:util";

export interface LabArguments {
  /** Parts of a scenario's id or of its items, `*` for anything. */
  readonly only: readonly string[];
  readonly quick: boolean;
  readonly json: boolean;
  readonly install: boolean;
  readonly list: boolean;
  readonly help: boolean;
  /** Folder that recordings and expectations are written to. */
  readonly export: string | undefined;
  /** Folder of an earlier export that is evaluated again, without any component. */
  readonly replay: string | undefined;
}

export const USAGE = `npm run lab -- [options]     break real components, and see whether diagbot finds the cause and stays silent otherwise

  --only <pattern>    scenarios whose id or items contain it, * for anything; may be repeated
  --quick             the subset that is run on every change
  --list              the scenarios, and which can be played here
  --install           install the Debian packages that are missing for them (asks apt), then play
  --json              one JSON document on stdout, progress on stderr
  --export <folder>   write what was seen of each situation, and what was expected (docs/lab.md)
  --replay <folder>   evaluate such a folder with the runbooks of this checkout; nothing is started

What cannot be brought about here is not run, and counts for nothing. Exit code 1: a scenario that ran is wrong.`;

/** Throws an error with a sentence for the person who typed it. */
export function readArguments(argv: readonly string[]): LabArguments {
  const flag = { type: "boolean", default: false } as const;
  const { values } = parseArgs({
    args: [...argv],
    options: {
      only: { type: "string", multiple: true, default: [] },
      ...{ quick: flag, json: flag, install: flag, list: flag, help: { ...flag, short: "h" } },
      export: { type: "string" },
      replay: { type: "string" },
    },
  });
  return { ...values, export: values.export, replay: values.replay };
}

/** The scenarios that are asked for. */
export function chosen<One extends { readonly id: string; readonly items: readonly string[]; quick?: true }>(
  all: readonly One[],
  { only, quick }: Pick<LabArguments, "only" | "quick">,
): One[] {
  const patterns = only.map(
    (pattern) =>
      new RegExp(
        pattern
          .split("*")
          .map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"))
          .join(".*"),
      ),
  );
  return all.filter(
    ({ id, items, quick: isQuick }) =>
      (!quick || isQuick === true) &&
      (patterns.length === 0 || patterns.some((one) => [id, ...items].some((name) => one.test(name)))),
  );
}
