// Node's loader thread runs this: plain JavaScript, as TypeScript of ours may not be understood there.
// What packs import by the names in `modules` is this running diagbot, whatever copy lies in node_modules; their TypeScript
// is stripped as Node itself does it (the same package), on every Node the same.

import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { transformSync } from "@swc/wasm-typescript";

const OWN = "diagbot:";
const FROM = "diagbot-from:";

/** `modules`: the names each module exports; `own`: where our own code lies; `folders`: those of packs that are no packages. */
const given = { modules: {}, own: "", folders: [] };

export function initialize(data) {
  Object.assign(given, data);
}

export function resolve(specifier, context, next) {
  if (Object.hasOwn(given.modules, specifier))
    return { url: OWN + specifier, format: "module", shortCircuit: true };
  if (specifier.startsWith(FROM)) {
    const [name, parentURL] = JSON.parse(decodeURIComponent(specifier.slice(FROM.length)));
    return next(name, { ...context, parentURL });
  }
  const url = codeOfFolder(specifier, context.parentURL);
  return url === undefined ? next(specifier, context) : { url, format: "module", shortCircuit: true };
}

/** A module of a folder is an ES module: without a package.json that says so Node would have to guess. */
function codeOfFolder(specifier, parentURL) {
  if (!/^(file:|\.{0,2}\/).*\.m?[jt]s$/.test(specifier)) return undefined;
  const url = new URL(specifier, parentURL).href;
  const folder = given.folders.find((one) => url.startsWith(one));
  if (folder === undefined || url.slice(folder.length).includes("node_modules/")) return undefined;
  if (existsSync(fileURLToPath(url))) return url;
  const typed = url.replace(/js$/, "ts");
  const hint = existsSync(fileURLToPath(typed)) ? `; write "${specifier.replace(/js$/, "ts")}"` : "";
  throw new Error(`there is no ${fileURLToPath(url)}${hint}`);
}

export function load(url, context, next) {
  if (url.startsWith(OWN))
    return { format: "module", source: handedOver(url.slice(OWN.length)), shortCircuit: true };
  if (!/^file:.*\.m?ts$/.test(url) || (url.startsWith(given.own) && codeOfFolder(url) === undefined))
    return next(url, context);
  return { format: "module", source: stripped(fileURLToPath(url)), shortCircuit: true };
}

// The values are in the main thread: see `handOver` of import.ts.
const handedOver = (name) =>
  `export const { ${given.modules[name].join(", ")} } = globalThis[Symbol.for("diagbot.modules")][${JSON.stringify(name)}];`;

function stripped(filename) {
  try {
    return transformSync(readFileSync(filename, "utf8"), { mode: "strip-only", module: true, filename }).code;
  } catch (error) {
    if (error instanceof Error) throw error;
    const { message, startLine, startColumn } = error;
    throw new SyntaxError(`${filename}:${startLine}:${startColumn + 1}: ${message}`);
  }
}
