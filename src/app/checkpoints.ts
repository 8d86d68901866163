import { appendFile, readFile } from "node:fs/promises";
import { join } from "node:path";
import { checkpointsFlaw } from "../core/rules/audit.ts";
import { type AuditArchive, type AuditReport, type AuditSettings, Checkpoint } from "../core/words/audit.ts";
import { DiagError, toDiagError } from "../core/words/errors.ts";
import { canonical } from "../core/words/json.ts";
import { isSignedBy, signText } from "../lib/signature.ts";
import { waitFor } from "../lib/wait.ts";
import { auditHead, firstRowAfter, type Pool, verifyAudit } from "../store/index.ts";
import { levelOf } from "../telemetry/level.ts";
import { readArchive } from "./archive-file.ts";
import type { AppDeps } from "./deps.ts";

const EVERY_MS = 60_000;
const LEASE_MS = 150_000;
const SEND_MS = 10_000;

/** Sends the signed head of the audit chain out once a minute while it grows. One process does it. */
export function keepCheckpoints(
  deps: Pick<AppDeps, "config" | "store" | "worker" | "pool" | "metrics" | "logger">,
  everyMs = EVERY_MS,
): { stop(): Promise<void> } {
  const { audit: settings } = deps.config;
  if (settings === undefined) return { stop: async () => {} };
  const stopping = new AbortController();
  let sentSeq = -1;
  let failingSince: number | undefined;
  const round = async (): Promise<void> => {
    if (!(await deps.store.sweep.lead("audit", deps.worker.id, LEASE_MS))) return;
    const head = await auditHead(deps.pool);
    if (head.seq !== sentSeq)
      await send(settings, signed(head, settings.key)).catch((error: unknown) => {
        failingSince ??= performance.now();
        deps.metrics.checkpointLag((performance.now() - failingSince) / 1000);
        throw error;
      });
    sentSeq = head.seq;
    failingSince = undefined;
    deps.metrics.checkpointLag(0);
  };
  const loop = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      await round().catch((error: unknown) =>
        deps.logger[levelOf(error, "target_unreachable")](
          { code: toDiagError(error, "target_unreachable").code, err: error },
          "the audit checkpoint was not sent; the next one covers it",
        ),
      );
      await waitFor(everyMs, stopping.signal);
    }
  };
  const running = loop();
  return {
    stop: async () => {
      stopping.abort();
      await running;
      await round().catch(() => {});
      await deps.store.sweep.resign("audit", deps.worker.id).catch(() => {});
    },
  };
}

function signed(head: { seq: number; hash: string }, key: string): Checkpoint {
  const content = { version: 1 as const, ...head, at: new Date().toISOString() };
  return { ...content, signature: signText(canonical(content), key) };
}

async function send({ checkpoints }: AuditSettings, checkpoint: Checkpoint): Promise<void> {
  const line = canonical(checkpoint);
  if (!isUrl(checkpoints)) return appendFile(checkpoints, `${line}\n`, { mode: 0o600 });
  const headers = { "content-type": "application/json", "user-agent": "diagbot" };
  const answer = await fetch(checkpoints, {
    method: "POST",
    body: line,
    headers,
    signal: AbortSignal.timeout(SEND_MS),
    redirect: "error",
  });
  if (!answer.ok) throw new DiagError("target_error", `the checkpoint was answered with ${answer.status}`);
}

/**
 * Walks the chain and holds it against the checkpoints of a file (default: the configured one). `archives`: the folder of what was
 * archived, which is read, too. What is missing or too old
 * is said in the report; a file that cannot be read, a line that is no checkpoint and a bad signature throw `bad_config`.
 */
export async function verifyWithCheckpoints(
  pool: Pool,
  audit: AuditSettings | undefined,
  named: string | undefined,
  archives?: string,
): Promise<AuditReport> {
  const read = archives === undefined ? undefined : archivesIn(archives);
  if (audit === undefined) {
    if (named === undefined) return verifyAudit(pool, [], read);
    throw new DiagError("bad_config", "without `audit.key` in diagbot.yaml nobody can check the checkpoints");
  }
  const file = named ?? (isUrl(audit.checkpoints) ? undefined : audit.checkpoints);
  const anchors = file === undefined ? [] : await checkpointsOf(file, audit.key);
  const report = await verifyAudit(pool, anchors, read);
  const newest = anchors.length === 0 ? undefined : Math.max(...anchors.map(({ seq }) => seq));
  const from = file === undefined ? { url: audit.checkpoints } : { file };
  const flaw = checkpointsFlaw(from, newest, await firstRowAfter(pool, newest ?? 0));
  return flaw === undefined ? report : { ...report, checkpointsFlaw: flaw };
}

const archivesIn = (folder: string) => (archive: AuditArchive) =>
  readArchive(join(folder, archive.file), archive.sha256);

/** It is sent there, not appended. */
export const isUrl = (place: string): boolean => /^https?:/.test(place);

/** The checkpoints of a file. Rejects with `bad_config` where it cannot be read, or one is not ours. */
export async function checkpointsOf(file: string, key: string): Promise<Checkpoint[]> {
  const text = await readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
    throw new DiagError("bad_config", `the checkpoints in ${file} cannot be read: ${error.code}`);
  });
  return text
    .split("\n")
    .flatMap((line, index) =>
      line.trim() === "" ? [] : [readCheckpoint(line, `${file}:${index + 1}`, key)],
    );
}

function readCheckpoint(line: string, place: string, key: string): Checkpoint {
  const parsed = Checkpoint.safeParse(parseJson(line));
  if (!parsed.success) throw new DiagError("bad_config", `${place}: not a checkpoint`);
  const { signature, ...content } = parsed.data;
  if (!isSignedBy(canonical(content), signature, key))
    throw new DiagError("bad_config", `${place}: the signature is not ours`);
  return parsed.data;
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
