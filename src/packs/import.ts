import { register } from "node:module";
import { pathToFileURL } from "node:url";
import * as sdk from "../sdk/index.ts";
import * as testing from "../testing/index.ts";

/** A pack that waits for something at import must not keep diagbot from starting. */
const IMPORT_MS = 10_000;

/** Names packs may import from diagbot, as in `exports` of package.json. */
const MODULES = { "diagbot/sdk": sdk, "diagbot/testing": testing };

/** The exports of a module of a pack, after `prepare`. Throws what it throws, and an Error after `deadlineMs`. */
export async function importModule(
  specifier: string,
  deadlineMs = IMPORT_MS,
): Promise<Readonly<Record<string, unknown>>> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    const seconds = deadlineMs / 1000;
    timer = setTimeout(() => reject(new Error(`its import did not end within ${seconds} s`)), deadlineMs);
  });
  return Promise.race([import(specifier), late]).finally(() => clearTimeout(timer));
}

/** What `import(name)` means in a file of that folder, as a specifier for `importModule`. */
export const from = (folder: string, name: string): string =>
  `diagbot-from:${encodeURIComponent(JSON.stringify([name, pathToFileURL(`${folder}/diagbot.yaml`).href]))}`;

/**
 * Makes the modules of this process what packs get. `folders`: of packs that are no packages; what lies there are ES modules,
 * whatever a package.json says. Once in a process is enough; again does no harm.
 */
export function prepare(folders: readonly string[]): void {
  Object.assign(globalThis, { [Symbol.for("diagbot.modules")]: MODULES });
  const modules = Object.fromEntries(
    Object.entries(MODULES).map(([name, module]) => [name, Object.keys(module)]),
  );
  const own = new URL("../../", import.meta.url).href;
  register(new URL("./hooks.mjs", import.meta.url), {
    data: { modules, own, folders: folders.map((folder) => `${pathToFileURL(folder).href}/`) },
  });
}
