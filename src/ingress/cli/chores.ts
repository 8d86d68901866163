import { count } from "../../core/format.ts";
import { columns } from "./columns.ts";
import { EXIT } from "./exit.ts";
import type { CliHouse, CliIo } from "./house.ts";

/** `doctor`: what is missing between this machine, Slack, Postgres and Redis. 1 when something is. */
export async function doctor(house: CliHouse, io: CliIo, json: boolean): Promise<number> {
  const checks = await house.doctor();
  const isWell = checks.every(({ state }) => state !== "missing");
  if (json) io.stdout(`${JSON.stringify({ ok: isWell, checks })}\n`);
  else {
    io.stdout(`${columns(checks.map(({ name, state, detail }) => [state, name, detail]))}\n`);
    for (const { name, state, fix } of checks)
      if (state !== "ok" && fix !== undefined) io.stdout(`\n${name}: ${fix}\n`);
  }
  return isWell ? EXIT.ok : EXIT.findings;
}

/** `audit verify`: walks the chain of audit rows. 2 when a row is not what was written. */
export async function auditVerify(
  house: CliHouse,
  io: CliIo,
  json: boolean,
  checkpoints?: string,
): Promise<number> {
  const { rows, head, firstBad, checkpoints: held } = await house.auditVerify(checkpoints);
  const ok = firstBad === undefined;
  if (json)
    io.stdout(`${JSON.stringify({ ok, rows, head, checkpoints: held, ...(ok ? {} : { firstBad }) })}\n`);
  else if (ok)
    io.stdout(`ok: ${count(rows, "row")}, ${count(held, "checkpoint")}, head ${head.seq} ${head.hash}\n`);
  else io.stdout(`row ${firstBad.seq}: ${firstBad.why} (${count(rows, "row")} before it are as written)\n`);
  return ok ? EXIT.ok : EXIT.refused;
}

/** `migrate`: makes or updates the tables. */
export async function migrate(house: CliHouse, io: CliIo, json: boolean): Promise<number> {
  const applied = await house.migrate();
  const said = applied.length === 0 ? "nothing to do" : applied.map((name) => `applied ${name}`).join("\n");
  io.stdout(json ? `${JSON.stringify({ applied })}\n` : `${said}\n`);
  return EXIT.ok;
}
