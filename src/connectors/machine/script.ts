import type { ActionContext } from "../../core/words/action.ts";
import { DiagError } from "../../core/words/errors.ts";
import { clip } from "../../core/words/format.ts";
import type { Machine } from "./machine.ts";

/** A client of a kind that asks a machine. */
export interface OnMachine {
  readonly machine: Machine;
}

interface ScriptOptions {
  readonly maxBytes?: number;
  /** Cut the output at the limit instead of failing. */
  readonly cut?: boolean;
  /** Exit codes that are answers, not errors. Default: 0 only. */
  readonly codes?: readonly number[];
}

/**
 * Runs one of our constant POSIX `sh` scripts; what varies comes as positional arguments, never as text of the script.
 * Linux with /proc, sh, awk, find and stat (coreutils or busybox) is assumed. Throws `target_error` with the exit code.
 */
export async function script(
  client: OnMachine,
  text: string,
  args: readonly string[],
  context: ActionContext,
  options: ScriptOptions = {},
): Promise<string> {
  const { code, stdout, stderr, cut } = await client.machine.run(["sh", "-c", text, "diagbot", ...args], {
    signal: context.signal,
    timeoutMs: context.timeoutMs,
    maxBytes: options.maxBytes ?? 1_000_000,
  });
  if (cut) {
    if (options.cut === true) return stdout.slice(0, stdout.lastIndexOf("\n") + 1);
    throw new DiagError("output_too_large", `a command on ${client.machine.label} wrote too much`);
  }
  if (code !== null && (options.codes ?? [0]).includes(code)) return stdout;
  const said = clip(stderr.trim().split("\n").at(-1) ?? "", 200);
  throw new DiagError("target_error", `a command on ${client.machine.label} failed: ${said}`, {
    detail: `exit ${code ?? "by signal"}`,
  });
}

/**
 * A script that is given up after so many seconds, though a program of it waits in the kernel, where no signal ends it. Such a
 * program must stand in `$(…)`: its pipe is then read by the shell that is ended, and nothing holds the answer back.
 */
export const within = (seconds: number, body: string): string => `( ${body}
) & body=$!; ( exec >/dev/null 2>&1; sleep ${seconds}; kill -9 "$body" ) & watch=$!
wait "$body"; kill "$watch" 2>/dev/null; true`;

/** Lines that are not empty. */
export const linesOf = (text: string): string[] => text.split("\n").filter((line) => line !== "");

/** Parts of an output between lines that consist of `==`. */
export const partsOf = (text: string): string[] => text.split(/^==\n/m);
