import { z } from "zod";
import { type ActionContext, actionsOn, type Preview, type WriteContext } from "../../core/words/action.ts";
import { DiagError } from "../../core/words/errors.ts";
import { clip, count, listed } from "../../core/words/format.ts";
import { beforeEffect, refused } from "../before-effect.ts";
import { ask } from "./ask.ts";
import type { NginxClient } from "./client.ts";
import { configNow } from "./config.ts";
import { processes, processesNow } from "./processes.ts";

/** The master, and the workers it had: another generation is another reload. */
const Input = z.object({ master: z.int().min(1), generation: z.number() });

// The signal goes to the number in the file of the configuration: nginx checks the configuration once more itself.
const RELOAD = `said=$(nginx_ -s reload 2>&1); code=$?; [ $code -eq 0 ] && exit 0
printf '%s\\n' "$said" | tail -n 1 >&2; exit $code`;
/** Said before any signal is sent. */
const REFUSALS =
  /\[(emerg|alert|error)\]|a password is required|is not allowed to|may not run sudo|sudo: |invalid PID/i;

async function situation(client: NginxClient, context: ActionContext) {
  const [config, now] = [await configNow(client, context), await processesNow(client, context)];
  return { config, now };
}

/** Why it is not reloaded; undefined: it may be. */
function refusal(
  { config, now }: Awaited<ReturnType<typeof situation>>,
  { master, generation }: z.output<typeof Input>,
): string | undefined {
  if (config.valid === null)
    return "whether its test passes is not known: diagbot may not read what it needs";
  if (!config.valid) return `its test fails: ${config.error?.message ?? ""}; nothing would be read`;
  if (now.master === null) return "nginx does not run: it reads its files when it is started";
  if (now.wrongPidFile !== undefined)
    return `${now.wrongPidFile} does not name the master: nginx -s would not reach it`;
  if (now.master.pid !== master) return "another master runs now";
  return now.generation === generation ? undefined : "it has been reloaded meanwhile";
}

/**
 * `nginx -s reload`, only where `nginx -t` passes, for exactly the files it passed on and the workers that were seen. Workers that have
 * requests finish them and end; new ones are begun. Where the new configuration cannot be used after all (a port that is taken, a
 * certificate that cannot be read by then), the master keeps the old workers: that is seen as no new generation. Trap nginx-reload.
 */
export const reload = actionsOn<NginxClient>("nginx").write({
  name: "nginx.reload",
  title: "Have nginx read its configuration again",
  class: "guarded",
  risk: "high",
  timeoutSeconds: 30,
  input: Input,
  output: z.object({ master: z.int(), generation: z.number() }),
  target: () => "configuration",
  preview: async (client, input, context): Promise<Preview> => {
    const seen = await situation(client, context);
    const witness = {
      digest: seen.config.digest,
      master: seen.now.master?.ticks ?? null,
      generation: seen.now.generation,
    };
    const no = refusal(seen, input);
    if (no !== undefined) return { changes: [], witness, refused: no };
    const newer = seen.now.newer.map(({ path }) => path);
    return {
      witness,
      changes: [
        `nginx -t && nginx -s reload (the test passes now; ${newer.length === 0 ? "no file is newer than the workers" : `written since: ${listed(newer, 5)}`}; ${count(seen.now.workers.length, "worker")} replaced once they have finished)`,
      ],
    };
  },
  run: async (client, input, context) => {
    await beforeEffect(async () => {
      const no = refusal(await situation(client, context), input);
      if (no !== undefined) throw refused(no);
    });
    await send(client, context);
    return input;
  },
  probe: async (client, { generation }, _witness, context) => {
    const now = await processesNow(client, context);
    return now.generation !== null && now.generation !== generation
      ? { verdict: "done", evidence: "workers of another generation serve" }
      : { verdict: "not-done", evidence: "the workers are those of before" };
  },
  undo: "none: what it has read is in use; put the file back as it was and reload again",
  settled: {
    check: () => ({ now: processes() }),
    holds: ({ now }, { generation }) =>
      now.generation !== null && now.generation !== generation && now.newer.length === 0,
    figures: ({ now }, { generation }) =>
      now.generation !== null && now.generation !== generation
        ? `new workers: ${now.workers.length}, ${now.leaving} of before finish; files not read ${now.newer.length}`
        : "no new workers: the old ones serve by the old configuration",
  },
});

async function send(client: NginxClient, context: WriteContext): Promise<void> {
  if (context.remainingMs() < 1_000) throw refused("too little time is left");
  try {
    await ask(client, RELOAD, [], {
      ...context,
      timeoutMs: Math.min(context.timeoutMs, context.remainingMs()),
    });
  } catch (thrown) {
    if (!(thrown instanceof DiagError) || thrown.code !== "target_error" || !REFUSALS.test(thrown.message))
      throw thrown;
    throw refused(clip(thrown.message, 300), thrown.detail);
  }
}
