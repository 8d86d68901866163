import { z } from "zod";
import { type ActionContext, actionsOn, type Preview } from "../../../core/words/action.ts";
import { DiagError } from "../../../core/words/errors.ts";
import { clip, count, sayBytes } from "../../../core/words/format.ts";
import type { Json } from "../../../core/words/json.ts";
import { beforeEffect, refused } from "../../before-effect.ts";
import { linesOf, script } from "../../machine/script.ts";
import type { HostClient } from "../client.ts";
import { FileRef } from "../removable.ts";
import { type DryRun, parseDryRun } from "./parse.ts";
import { ROTATE_ONE } from "./rotation-script.ts";

const { read, write } = actionsOn<HostClient>("host");

const Config = z
  .string()
  .max(500)
  .regex(/^\/[\w./@+-]+$/, "a whole path");
const Input = z.object({ config: Config, logs: z.array(FileRef.shape.path).min(1).max(20) });

// Arguments: paths. `id size writers path`, or `gone path`; a writer has it open for writing by that name.
const LOOK = `for f; do if [ -f "$f" ]; then echo "$(stat -c '%d:%i %s' "$f") $f"; else echo "gone 0 $f"; fi; done`;

const State = z.object({ path: z.string(), id: z.string(), bytes: z.number() });

/** Log files as they are: identity and size. */
export const logFiles = read({
  name: "host.log-files",
  title: "Identity and size of log files",
  input: z.object({ logs: Input.shape.logs }),
  output: z.object({ files: z.array(State).max(20) }),
  run: async (client, { logs }, context) => ({ files: await lookAt(client, logs, context) }),
});

async function lookAt(client: HostClient, logs: readonly string[], context: ActionContext) {
  return linesOf(await script(client, LOOK, logs, context)).flatMap((line) => {
    const [, id = "", bytes = "0", path = ""] = /^(\S+) (\d+) (\/.*)$/.exec(line) ?? [];
    return path === "" ? [] : [{ path, id, bytes: Number(bytes) }];
  });
}

const asked = (
  client: HostClient,
  how: "-d" | "-v",
  config: string,
  context: ActionContext,
): Promise<string> =>
  script(client, ROTATE_ONE, [how, client.logrotate.main, client.logrotate.state ?? "", config], context);

/** The logs that one of the declared configurations takes; none of one that is not declared. */
export const logsOf = read({
  name: "host.logs-of",
  title: "Logs that one configuration of logrotate takes",
  input: z.object({ config: Config }),
  output: z.object({ logs: z.array(z.string()).max(20) }),
  run: async (client, { config }, context) => {
    if (!client.logrotate.configs.includes(config)) return { logs: [] };
    const { rules } = parseDryRun(await asked(client, "-d", config, context));
    const taken = rules.flatMap(({ files }) =>
      files.filter(({ error }) => error === null).map(({ path }) => path),
    );
    return { logs: [...new Set(taken)].slice(0, 20) };
  },
});

/** Why it is not done; undefined: it may. Pure. Exported for its test. */
export function whyNotRotate({ rules, errors }: DryRun, logs: readonly string[]): string | undefined {
  const taken = rules.flatMap((rule) => rule.files.map((file) => ({ ...file, keeps: rule.keeps })));
  const missing = logs.find((path) => !taken.some((one) => one.path === path));
  if (errors.length > 0) return `logrotate complains: ${clip(errors[0] ?? "", 200)}`;
  if (missing !== undefined) return `the configuration does not take ${missing}`;
  const failing = taken.find(({ error }) => error !== null);
  if (failing !== undefined) return `logrotate refuses: ${clip(failing.error ?? "", 200)}`;
  const lost = taken.find(({ keeps }) => keeps === 0);
  return lost === undefined ? undefined : `it keeps no old logs: ${lost.path} would be gone`;
}

/**
 * Rotates the logs of one configuration file now, with the settings of the main one, by logrotate itself: never an open file removed by
 * us. resync.log-rotation-script.
 */
export const rotateLogs = write({
  name: "host.rotate-logs",
  title: "Rotate the logs of one configuration now",
  class: "guarded",
  risk: "high",
  input: Input,
  output: z.object({ before: z.array(State).max(20) }),
  timeoutSeconds: 60,
  target: ({ config }) => config,
  preview: async (client, { config, logs }, context): Promise<Preview> => {
    if (!client.logrotate.configs.includes(config))
      return {
        changes: [],
        witness: [],
        refused: `${config} is not among \`logrotate.configs\` of the connection`,
      };
    const files = await lookAt(client, logs, context);
    const dry = parseDryRun(await asked(client, "-d", config, context));
    const all = dry.rules.flatMap((rule) => rule.files.map(({ path }) => path));
    const why = whyNotRotate(dry, logs);
    return {
      changes: [
        `run logrotate for ${config}, whose scripts run as well: ${files.map(({ path, bytes }) => `${path} (${sayBytes(bytes)})`).join(", ")}`,
        ...all
          .filter((path) => !logs.includes(path))
          .slice(0, 10)
          .map((path) => `${path} as well, it stands in the same file`),
        ...dry.removes.slice(0, 10),
      ],
      witness: files,
      ...(why === undefined ? {} : { refused: why }),
    };
  },
  // They grow all the time: another file, or the same one begun anew, is another situation.
  drift: (then, now) =>
    statesOf(now).some((file) => isTurned(file, statesOf(then))) ||
    identities(then).join() !== identities(now).join()
      ? ["another file is there now, or it was begun anew"]
      : [],
  run: async (client, { config, logs }, context) => {
    const before = await beforeEffect(async () => {
      if (!client.logrotate.configs.includes(config))
        throw refused(`${config} is not among \`logrotate.configs\``);
      const why = whyNotRotate(parseDryRun(await asked(client, "-d", config, context)), logs);
      if (why !== undefined) throw refused(why);
      if (context.remainingMs() < 3_000) throw refused("too little time is left");
      const now = await lookAt(client, logs, context);
      const then = statesOf(context.witness);
      // Twice within a moment would put the next old one out.
      if (then.length > 0 && now.some((file) => isTurned(file, then)))
        throw refused("they were rotated meanwhile");
      return now;
    });
    const said = await asked(client, "-v", config, context);
    if (!said.endsWith("exit 0\n"))
      throw new DiagError(
        "target_error",
        `logrotate: ${clip(/^error: (.*)$/m.exec(said)?.[1] ?? "failed", 300)}`,
      );
    return { before };
  },
  probe: async (client, { logs }, witness, context) => {
    const then = statesOf(witness);
    const files = await lookAt(client, logs, context);
    const turned = files.filter((file) => isTurned(file, then));
    const evidence = `${turned.length} of ${count(files.length, "log")} begin anew`;
    if (turned.length === files.length) return { verdict: "done", evidence };
    return { verdict: turned.length === 0 ? "not-done" : "unknown", evidence };
  },
  undo: "none: what was rotated stays so, and the oldest beyond what is kept are gone",
  settled: {
    check: ({ logs }) => ({ now: logFiles({ logs }) }),
    holds: ({ now }, _input, { before }) => now.files.every((file) => isTurned(file, before)),
    figures: ({ now }, _input, { before }) =>
      `${sayBytes(sum(before))} → ${sayBytes(sum(now.files))} in ${count(before.length, "live log")}`,
  },
});

type File = z.output<typeof State>;
const sum = (files: readonly File[]): number => files.reduce((all, { bytes }) => all + bytes, 0);

/** Another file by that name, none, or the same one begun anew (copytruncate). */
const isTurned = (file: File, before: readonly File[]): boolean => {
  const then = before.find(({ path }) => path === file.path);
  return then !== undefined && (file.id !== then.id || file.bytes < then.bytes);
};

const statesOf = (witness: Json): File[] => z.array(State).safeParse(witness).data ?? [];
const identities = (witness: Json): string[] => statesOf(witness).map(({ path, id }) => `${path} ${id}`);
