import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** From here to the root: of a checkout (src/lib), and of the package (dist/src/lib). */
const ROOTS = ["../../", "../../../"];

/** The path of a page below docs/ of this very product; undefined where it came without (the image has few of them). */
export const ownDoc = (name: string): string | undefined =>
  ROOTS.map((root) => fileURLToPath(new URL(`${root}docs/${name}`, import.meta.url))).find((path) =>
    existsSync(path),
  );
