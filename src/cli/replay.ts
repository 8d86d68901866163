import { readFileSync } from "node:fs";
import { Notification } from "../core/words/alert.ts";
import { DiagError } from "../core/words/errors.ts";
import type { CliDeps, CliIo } from "./deps.ts";
import { EXIT, usage } from "./exit.ts";
import { replayJson, replayText } from "./replay-text.ts";

/** Same limit as the webhook's door. */
const MAX_BYTES = 16 * 1024 * 1024;

/** `replay`: what an Alertmanager notification would lead to. Has no effects; needs the configuration only. */
export async function replay(deps: CliDeps, io: CliIo, file: string, json: boolean): Promise<number> {
  const routed = await deps.route(parseNotification(readJson(file)));
  const { routes } = deps.config();
  io.stdout(`${json ? JSON.stringify(replayJson(routed, routes)) : replayText(routed, routes)}\n`);
  return EXIT.ok;
}

function readJson(file: string): unknown {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    const why = error instanceof Error && "code" in error ? String(error.code) : String(error);
    throw usage(`${file} cannot be read: ${why}`);
  }
  if (Buffer.byteLength(text) > MAX_BYTES)
    throw new DiagError("too_large", `${file} is larger than the webhook takes`);
  return parseJson(text, file);
}

function parseJson(text: string, what: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new DiagError(
      "bad_notification",
      `${what} is not JSON: ${error instanceof Error ? error.message : ""}`,
    );
  }
}

/** A body as Alertmanager sends it, or a recorded request that holds it as `body`. */
export function parseNotification(value: unknown): Notification {
  const isRecorded = typeof value === "object" && value !== null && "body" in value && !("alerts" in value);
  const body = isRecorded ? value.body : value;
  const parsed = Notification.safeParse(typeof body === "string" ? parseJson(body, "its body") : body);
  if (parsed.success) return parsed.data;
  const issues = parsed.error.issues.map(
    (issue) => `${issue.path.map(String).join(".") || "body"}: ${issue.message}`,
  );
  throw new DiagError("bad_notification", issues.slice(0, 10).join("; "));
}
