import { existsSync, readFileSync, realpathSync, statSync } from "node:fs";
import { dirname, extname, join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { filesOf } from "./files.ts";
import { from as importedFrom } from "./import.ts";

/** Where a pack of diagbot.yaml lies. */
export interface Place {
  /** Its folder, or its only file; links followed. */
  readonly root: string;
  /** Of a pack that is no package: the folder whose modules are ES modules. */
  readonly folder: string | undefined;
  /** What is imported, and how people are told of it. */
  readonly modules: readonly { readonly label: string; readonly specifier: string }[];
  /** What its package.json says; undefined where it has none. */
  readonly manifest: unknown;
  readonly isPackage: boolean;
}

const CODE = /\.(ts|mts|js|mjs)$/;
/** Of a folder; what only tests or types is no runbook. */
const NO_MODULE = /\.d\.m?ts$|\.(test|spec)\.\w+$/;
const PACKAGE = /^(@[a-z0-9~-][a-z0-9._~-]*\/)?[a-z0-9~-][a-z0-9._~-]*$/;
const OWN = fileURLToPath(new URL(".", import.meta.url));

/**
 * Finds a pack by what stands in diagbot.yaml: `./folder`, `./file.ts`, or the name of a package. Paths are seen from
 * `folder`, where diagbot.yaml lies; packages are looked for there, in the working directory and beside diagbot itself.
 * Throws an Error with the reason where there is none.
 */
export function findPack(name: string, folder: string): Place {
  return /^(\.{1,2}(\/|$)|\/)/.test(name) ? atPath(name, folder) : packageOf(name, folder);
}

function atPath(name: string, folder: string): Place {
  const path = resolve(folder, name);
  if (!existsSync(path)) throw new Error(`there is no ${path}`);
  const root = realpathSync(path);
  const moduleAt = (file: string, label: string) => ({ label, specifier: pathToFileURL(file).href });
  if (!statSync(root).isDirectory()) {
    if (!CODE.test(root)) throw new Error(`${extname(root)} files are not read: use .ts, .mts, .js or .mjs`);
    return {
      ...{ root, folder: dirname(root), manifest: undefined, isPackage: false },
      modules: [moduleAt(root, name)],
    };
  }
  const files = codeFiles(root);
  const index = files.filter((file) => /^index\.\w+$/.test(file));
  const modules = (index.length > 0 ? index.slice(0, 1) : files).map((file) =>
    moduleAt(join(root, file), `${name.replace(/\/$/, "")}/${file}`),
  );
  if (modules.length === 0) throw new Error(`there is no .ts, .mts, .js or .mjs file in ${root}`);
  return { root, folder: root, modules, manifest: manifestOf(root), isPackage: false };
}

const codeFiles = (root: string): string[] =>
  filesOf(root).filter((file) => CODE.test(file) && !NO_MODULE.test(file));

function packageOf(name: string, folder: string): Place {
  if (!PACKAGE.test(name)) throw new Error("is neither a path that begins with ./ nor the name of a package");
  const base = [folder, process.cwd(), OWN].find((one) => packageFolder(one, name) !== undefined);
  const found = base === undefined ? undefined : packageFolder(base, name);
  if (base === undefined || found === undefined)
    throw new Error(
      existsSync(resolve(folder, name))
        ? `there is no such package; did you mean "./${name}"?`
        : `there is no such package: npm install ${name}, beside diagbot.yaml or beside diagbot`,
    );
  const root = realpathSync(found);
  const modules = [{ label: name, specifier: importedFrom(base, name) }];
  return { root, folder: undefined, modules, manifest: manifestOf(root), isPackage: true };
}

/** The folder Node would take the package from, seen from `at`. */
function packageFolder(at: string, name: string): string | undefined {
  const here = join(at, "node_modules", name);
  if (existsSync(join(here, "package.json"))) return here;
  const above = dirname(at);
  return above === at ? undefined : packageFolder(above, name);
}

function manifestOf(root: string): unknown {
  const file = join(root, "package.json");
  if (!existsSync(file)) return undefined;
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch {
    throw new Error("its package.json is not JSON");
  }
}
