import { readdirSync, readFileSync } from "node:fs";
import { parse } from "yaml";
import { z } from "zod";

const root = new URL("../../", import.meta.url);

/** A place where a guide's command is wrong, unbounded or unsafe, and how diagbot keeps out of it. */
const Trap = z.strictObject({
  id: z.string().regex(/^[a-z0-9]+(-[a-z0-9]+)*$/),
  area: z.string(),
  /** The guides it stands in. */
  guides: z.array(z.string()).min(1),
  /** What to do instead, on one line. */
  instead: z.string().min(5).max(300),
  /** Tests that would fail if it were stepped in, besides those that name it in their title. */
  tests: z.array(z.strictObject({ file: z.string(), title: z.string() })).default([]),
  /** A type that does not let it be written: the file, and the words of it that do not. */
  type: z.strictObject({ where: z.string(), holds: z.string(), why: z.string() }).optional(),
  /** Why nothing shows that it is avoided. */
  open: z.string().optional(),
});
export type Trap = z.output<typeof Trap>;

/** All traps, by test/traps/catalog.yaml. */
export const readTraps = (): Trap[] =>
  z.array(Trap).parse(parse(readFileSync(new URL("test/traps/catalog.yaml", root), "utf8")));

/** A title of a test that names traps: `trap <id>`. */
export interface NamingTitle {
  readonly file: string;
  readonly title: string;
  readonly ids: readonly string[];
}

const TITLE = /"((?:[^"\\\n]|\\.)*\btrap [a-z0-9][a-z0-9-]*(?:[^"\\\n]|\\.)*)"/g;

/** Every text of a test file that names a trap as titles do. */
export const titles = (): NamingTitle[] =>
  readdirSync(new URL("test/", root), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".test.ts") && !name.endsWith("traps/catalog.test.ts"))
    .flatMap((name) =>
      [...readFileSync(new URL(`test/${name}`, root), "utf8").matchAll(TITLE)].map(([, title = ""]) => ({
        file: `test/${name}`,
        title,
        ids: [
          ...title.matchAll(
            /\btrap ([a-z0-9]+(?:-[a-z0-9]+)+|icmp|swapfile|placeholders|memorylimit|resize2fs)\b/g,
          ),
        ].map(([, id = ""]) => id),
      })),
    );

/** A trap with every test that shows it avoided. */
export interface ShownTrap extends Trap {
  readonly shown: readonly { readonly file: string; readonly title: string }[];
}

/** Every trap with its tests: those the catalogue lists, and those that name it. */
export function trapReport(): ShownTrap[] {
  const naming = titles();
  return readTraps().map((trap) => {
    const named = naming
      .filter(({ ids }) => ids.includes(trap.id))
      .map(({ file, title }) => ({ file, title }));
    const listed = trap.tests.filter(
      ({ file, title }) => !named.some((one) => one.file === file && one.title === title),
    );
    return { ...trap, shown: [...listed, ...named] };
  });
}

/** `avoided` by a test or a type, or not. */
export const isAvoided = ({ shown, type }: ShownTrap): boolean => shown.length > 0 || type !== undefined;
