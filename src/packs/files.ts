import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";

const MOST_FILES = 2_000;
const DEEPEST = 20;

/**
 * The files of a pack, as names below its folder with `/`, in the order of their characters: without `node_modules` and
 * hidden ones. Links are followed, as Node does. Throws an Error where there are more than 2,000.
 */
export function filesOf(root: string): string[] {
  const files = filesBelow(root, "", 0);
  if (files.length > MOST_FILES) throw new Error(`it has more than ${MOST_FILES} files`);
  return files.sort();
}

function filesBelow(root: string, below: string, depth: number): string[] {
  if (depth > DEEPEST) throw new Error(`${below} is nested too deeply`);
  const names = readdirSync(join(root, below)).filter(
    (name) => name !== "node_modules" && !name.startsWith("."),
  );
  return names.flatMap((name) => {
    const path = below === "" ? name : `${below}/${name}`;
    const found = statSync(join(root, path), { throwIfNoEntry: false });
    if (found?.isDirectory()) return filesBelow(root, path, depth + 1);
    return found?.isFile() ? [path] : [];
  });
}
