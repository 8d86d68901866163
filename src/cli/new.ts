import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { CliDeps, CliIo } from "./deps.ts";
import { EXIT, usage } from "./exit.ts";
import { FIRST_KINDS, type FirstKind } from "./first-runbook.ts";
import { type Made, titleOf } from "./made.ts";
import { newCheck } from "./new-check.ts";
import { newConnector, newPackConnector } from "./new-connector.ts";
import { inPack, inRepository } from "./new-runbook.ts";
import { plain } from "./plain.ts";

/** What `new` can write. */
export const NEW = ["runbook", "check", "connector"] as const;
export type New = (typeof NEW)[number];

const ID = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/;
/** Its name is one in code, too. */
const KIND = /^[a-z][a-z0-9]*$/;

/** `new`: files that pass at once, and what is left to do. In a checkout of diagbot a runbook goes to its own. Throws `usage`. */
export async function makeNew(
  deps: CliDeps,
  io: CliIo,
  { what, id, on }: Wanted,
  { folder, json }: { folder: string; json: boolean },
): Promise<number> {
  const { files, next } = made(deps, { what, id, on: on ?? (await firstKind(deps)) }, folder);
  const there = Object.keys(files).filter((path) => existsSync(join(folder, path)));
  if (there.length > 0) throw usage(`${there.join(" and ")} is there already: nothing was written`);
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  const written = Object.keys(files);
  io.stdout(
    json
      ? `${JSON.stringify({ written, next })}\n`
      : `${[...written.map((path) => `wrote ${plain(path)}`), "", "next:", ...next.map((line) => `- ${plain(line)}`)].join("\n")}\n`,
  );
  return EXIT.ok;
}

/** What is to be written; `on`: the kind a runbook is on. */
interface Wanted {
  readonly what: New;
  readonly id: string;
  readonly on?: FirstKind | undefined;
}

/** The first of the kinds that a connection of diagbot.yaml is of; without one http, which needs the least. */
async function firstKind(deps: CliDeps): Promise<FirstKind> {
  const systems = await deps.config().then(
    (config) => config.systems,
    // It need not be there yet, nor be right.
    () => [],
  );
  const there = new Set(
    systems.flatMap(({ connections }) => Object.values(connections).map(({ kind }) => kind)),
  );
  return FIRST_KINDS.find((kind) => there.has(kind)) ?? "http";
}

function made(deps: CliDeps, { what, id, on }: Wanted & { readonly on: FirstKind }, folder: string): Made {
  const isCheckout =
    existsSync(join(folder, "src/sdk/index.ts")) && existsSync(join(folder, "runbooks/index.ts"));
  if (what === "connector") {
    if (!KIND.test(id) || id.length > 30)
      throw usage(`"${id}" is no kind: lower-case letters and digits`, "e.g. rabbitmq");
    if (deps.kinds().some((kind) => kind.name === id))
      throw usage(`diagbot has a kind ${id} already: choose another name`);
    return isCheckout ? newConnector(id) : newPackConnector(id);
  }
  if (!ID.test(id) || id.length > 60)
    throw usage(`"${id}" is no id: lower-case letters and digits, words joined by -`, "e.g. orders-stuck");
  if (deps.shipped().some((runbook) => runbook.id === id))
    throw usage(`diagbot has a runbook ${id} already: choose another id`);
  if (what === "check") return newCheck(id, titleOf(id));
  return isCheckout ? inRepository(id, on) : inPack(id, on);
}
