import type { AuditReport } from "../core/words/audit.ts";
import { count } from "../core/words/format.ts";
import { columns } from "./columns.ts";
import type { CliDeps, CliIo, DoctorCheck, ServeRole } from "./deps.ts";
import { EXIT } from "./exit.ts";
import { plain } from "./plain.ts";

/** `doctor`: what is missing between this machine, Slack, Postgres, Redis and the systems. 1 when something is. */
export async function doctor(
  deps: CliDeps,
  io: CliIo,
  { json, role, tell }: { json: boolean; role: ServeRole; tell: readonly string[] },
): Promise<number> {
  const checks = await deps.doctor(role, tell);
  const isWell = checks.every(({ state }) => state !== "missing");
  const serves = checks.every(({ stopsServe }) => stopsServe !== true);
  io.stdout(json ? `${JSON.stringify({ ok: isWell, serves, checks })}\n` : doctorText(checks, serves, role));
  return isWell ? EXIT.ok : EXIT.findings;
}

function doctorText(checks: readonly DoctorCheck[], serves: boolean, role: ServeRole): string {
  const table = columns(checks.map(({ name, state, detail }) => [state, name, detail]));
  const fixes = checks
    .filter(({ state, fix, paste }) => state !== "ok" && (fix ?? paste) !== undefined)
    .map(({ name, fix, paste = [] }) =>
      [`${name}: ${fix ?? "run"}`, ...paste.map((line) => `  ${line}`)].map(plain).join("\n"),
    );
  const verdict = serves ? [] : [`serve --role ${role} would not start.`];
  return `${[table, ...fixes, ...verdict].join("\n\n")}\n`;
}

export interface VerifyOptions {
  readonly json: boolean;
  readonly checkpoints?: string;
  readonly archives?: string;
}

/** `audit verify`: walks the chain of audit rows. 2 when a row is not what was written, or checkpoints do not cover them. */
export async function auditVerify(
  deps: CliDeps,
  io: CliIo,
  { json, ...from }: VerifyOptions,
): Promise<number> {
  const report = await deps.auditVerify(from);
  const ok = report.firstBad === undefined && report.checkpointsFlaw === undefined;
  io.stdout(`${json ? JSON.stringify({ ok, ...report }) : auditText(report)}\n`);
  return ok ? EXIT.ok : EXIT.refused;
}

function auditText(report: AuditReport): string {
  const { rows, archived, head, firstBad, unchained, checkpoints, checkpointsFlaw } = report;
  const before =
    archived.rows === 0
      ? ""
      : `${count(archived.rows, "row")} in archives (${archived.read ? "read" : "not read: --archives"}), `;
  const chain =
    firstBad === undefined
      ? `${before}${count(rows, "row")}, ${count(checkpoints, "checkpoint")}, head ${head.seq} ${head.hash}${behind(unchained)}`
      : `row ${firstBad.seq}: ${firstBad.why} (${count(rows, "row")} before it are as written)`;
  if (checkpointsFlaw !== undefined) return `${chain}\nnot proven: ${checkpointsFlaw}`;
  return firstBad === undefined ? `ok: ${chain}` : chain;
}

/** What came while the chain was walked. */
const behind = (unchained: number): string =>
  unchained === 0 ? "" : `; ${count(unchained, "row")} came since and will follow`;

/** `migrate`: makes or updates the tables. */
export async function migrate(deps: CliDeps, io: CliIo, json: boolean): Promise<number> {
  const applied = await deps.migrate();
  const said = applied.length === 0 ? "nothing to do" : applied.map((name) => `applied ${name}`).join("\n");
  io.stdout(json ? `${JSON.stringify({ applied })}\n` : `${said}\n`);
  return EXIT.ok;
}
