import { appendFile, readFile } from "node:fs/promises";
import { type AuditReport, type AuditSettings, Checkpoint } from "../core/audit.ts";
import { DiagError, toDiagError } from "../core/errors.ts";
import { canonical } from "../core/json.ts";
import { isSignedBy, signText } from "../lib/signature.ts";
import { waitFor } from "../lib/wait.ts";
import { auditHead, verifyAudit } from "../store/index.ts";
import type { House } from "./house.ts";

const EVERY_MS = 60_000;
const LEASE_MS = 150_000;
const SEND_MS = 10_000;

/** Sends the signed head of the audit chain out once a minute while it grows. One process does it. */
export function keepCheckpoints(house: House, everyMs = EVERY_MS): { stop(): Promise<void> } {
  const { audit: settings } = house.config;
  if (settings === undefined) return { stop: async () => {} };
  const stopping = new AbortController();
  let sentSeq = -1;
  const round = async (): Promise<void> => {
    if (!(await house.store.sweep.lead("audit", house.worker.id, LEASE_MS))) return;
    const head = await auditHead(house.pool);
    if (head.seq === sentSeq) return;
    await send(settings, signed(head, settings.key));
    sentSeq = head.seq;
  };
  const loop = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      await round().catch((error: unknown) =>
        house.logger.error(
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
      await house.store.sweep.resign("audit", house.worker.id).catch(() => {});
    },
  };
}

function signed(head: { seq: number; hash: string }, key: string): Checkpoint {
  const content = { version: 1 as const, ...head, at: new Date().toISOString() };
  return { ...content, signature: signText(canonical(content), key) };
}

async function send({ checkpoints }: AuditSettings, checkpoint: Checkpoint): Promise<void> {
  const line = canonical(checkpoint);
  if (!/^https?:/.test(checkpoints)) return appendFile(checkpoints, `${line}\n`, { mode: 0o600 });
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

/** Walks the chain and holds it against the checkpoints of a file (default: the configured one). A bad signature throws. */
export async function verifyWithCheckpoints(house: House, file: string | undefined): Promise<AuditReport> {
  const { audit } = house.config;
  const path =
    file ?? (audit !== undefined && !/^https?:/.test(audit.checkpoints) ? audit.checkpoints : undefined);
  if (path === undefined || audit === undefined) return verifyAudit(house.pool);
  const lines = (await readFile(path, "utf8").catch(() => ""))
    .split("\n")
    .filter((line) => line.trim() !== "");
  const anchors = lines.map((line, index) => readCheckpoint(line, `${path}:${index + 1}`, audit.key));
  return verifyAudit(house.pool, anchors);
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
