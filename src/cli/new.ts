import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { CliDeps, CliIo } from "./deps.ts";
import { EXIT, usage } from "./exit.ts";
import { inPack, inRepository } from "./new-runbook.ts";
import { plain } from "./plain.ts";

const ID = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/;

/** `new runbook`: a runbook that passes at once, with its recording. In a checkout of diagbot it goes to its own runbooks. */
export function makeNew(
  deps: CliDeps,
  io: CliIo,
  id: string,
  { folder, json }: { folder: string; json: boolean },
): number {
  if (!ID.test(id) || id.length > 60)
    throw usage(`"${id}" is no id: lower-case letters and digits, words joined by -`, "e.g. orders-stuck");
  if (deps.shipped().some((runbook) => runbook.id === id))
    throw usage(`diagbot has a runbook ${id} already: choose another id`);
  const isCheckout =
    existsSync(join(folder, "src/sdk/index.ts")) && existsSync(join(folder, "runbooks/index.ts"));
  const { files, next } = isCheckout ? inRepository(id) : inPack(id);
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
