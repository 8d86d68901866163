import { readFileSync } from "node:fs";
import { DiagError } from "../core/words/errors.ts";
import type { CliDeps, CliIo } from "./deps.ts";
import { EXIT, usage } from "./exit.ts";
import { replayJson, replayText } from "./replay-text.ts";

/** Same limit as the webhook's door. */
const MAX_BYTES = 16 * 1024 * 1024;

/** `replay`: what an Alertmanager notification would lead to. Has no effects; needs the configuration only. */
export async function replay(deps: CliDeps, io: CliIo, file: string, json: boolean): Promise<number> {
  const routed = await deps.route(bodyOf(readText(file), file));
  const { routes } = await deps.config();
  io.stdout(`${json ? JSON.stringify(replayJson(routed, routes)) : replayText(routed, routes)}\n`);
  return EXIT.ok;
}

function readText(file: string): string {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    const why = error instanceof Error && "code" in error ? String(error.code) : String(error);
    throw usage(`${file} cannot be read: ${why}`);
  }
  if (Buffer.byteLength(text) > MAX_BYTES)
    throw new DiagError("too_large", `${file} is larger than the webhook takes`);
  return text;
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

/** The body as Alertmanager sends it, also out of a recorded request that holds it as `body`. */
function bodyOf(text: string, file: string): string {
  const value = parseJson(text, file);
  const isRecorded = typeof value === "object" && value !== null && "body" in value && !("alerts" in value);
  if (!isRecorded) return text;
  return typeof value.body === "string" ? value.body : JSON.stringify(value.body);
}
