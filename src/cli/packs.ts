import { count } from "../core/words/format.ts";
import { columns } from "./columns.ts";
import type { CliDeps, CliIo, CliPack } from "./deps.ts";
import { EXIT } from "./exit.ts";
import { plain } from "./plain.ts";

/** Characters of a digest that people compare. */
const SHOWN = 12;

/** `packs`: what diagbot.yaml adds. 1 when something of it was left out. */
export async function packs(deps: CliDeps, io: CliIo, json: boolean): Promise<number> {
  const known = await deps.knowledge();
  for (const line of known.leftOut) io.stderr(`${plain(`left out: ${line}`)}\n`);
  const shown = known.packs.map(({ name, sha256, isLocked, runbooks, kinds }) => ({
    ...{ name, isLocked, sha256: sha256 ?? null },
    runbooks: runbooks.map(({ runbook }) => runbook.id),
    kinds: kinds.map(({ kind }) => kind.name),
  }));
  const text =
    shown.length === 0
      ? "no packs"
      : columns(known.packs.map(row), ["pack", "files", "", "runbooks", "kinds"]);
  io.stdout(`${json ? JSON.stringify({ packs: shown, leftOut: known.leftOut }) : text}\n`);
  return known.leftOut.length === 0 ? EXIT.ok : EXIT.findings;
}

const row = ({ name, sha256, isLocked, runbooks, kinds }: CliPack): string[] => [
  name,
  sha256?.slice(0, SHOWN) ?? "–",
  isLocked ? "pinned" : "not pinned",
  runbooks.map(({ runbook }) => runbook.id).join(" ") || "–",
  kinds.map(({ kind }) => kind.name).join(" ") || "–",
];

/** `packs lock`: pins every pack as it is now. */
export function lockPacks(deps: CliDeps, io: CliIo, json: boolean): number {
  const locked = deps.lockPacks();
  const lines = locked.map(({ name, sha256 }) => `${sha256.slice(0, SHOWN)}  ${name}\n`).join("");
  io.stdout(
    json ? `${JSON.stringify({ locked })}\n` : `${lines}diagbot.lock pins ${count(locked.length, "pack")}\n`,
  );
  return EXIT.ok;
}
