import { existsSync, readdirSync, readFileSync } from "node:fs";
import { ownDoc } from "../lib/own-docs.ts";

const RUNBOOKS = "../../runbooks/";

/** Ids of the guides' catalogue, as bundled; undefined where docs/ is not there. */
export function bundledCatalogIds(): string[] | undefined {
  const file = ownDoc("catalog-ids.txt");
  return file === undefined
    ? undefined
    : readFileSync(file, "utf8")
        .split("\n")
        .filter((line) => line !== "");
}

/** Files of runbooks/ that make a runbook (helpers beside them do not), without extension; undefined: a build, which has none. */
export function runbookFiles(): string[] | undefined {
  const folder = new URL(RUNBOOKS, import.meta.url);
  if (!existsSync(folder)) return undefined;
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter(
    (path) => path.endsWith(".ts") && !/(^|\/)index\.|\.d\.ts$/.test(path),
  );
  if (files.length === 0) return undefined;
  return files
    .filter((path) => /\brunbook(On)?\(/.test(readFileSync(new URL(path, folder), "utf8")))
    .map((path) => path.replace(/^.*\/|\.ts$/g, ""));
}
