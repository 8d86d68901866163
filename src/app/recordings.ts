import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import type { RecordAsk, Recorded, TestAsk, Tested } from "../cli/deps.ts";
import type { Catalog } from "../core/ports/catalog.ts";
import { DiagError, toDiagError } from "../core/words/errors.ts";
import type { Runbook } from "../core/words/runbook.ts";
import type { RunView } from "../core/words/view.ts";
import { contextOf } from "../engine/context.ts";
import { runbookNow, systemOf } from "../engine/deps.ts";
import type { Redact } from "../lib/redact.ts";
import { compared, updated } from "../testing/compare.ts";
import { recordingOf } from "../testing/record.ts";
import { parseRecording, type Recording, sayRecording } from "../testing/recording.ts";
import { replay } from "../testing/replay.ts";

/** Of the runbooks diagbot ships; there in a checkout only. */
const SHIPPED = fileURLToPath(new URL("../../test/recordings", import.meta.url));

/** Where recordings lie by default: beside diagbot.yaml, and of what diagbot ships in its repository. */
export const recordingFolders = (configFolder: string): string[] => [
  ...new Set([join(configFolder, "recordings"), SHIPPED]),
];

/** Writes what a run saw as a recording. Throws `usage` where the file is there, `bad_recording` where nothing was seen. */
export function writeRecording(
  catalog: Catalog,
  view: RunView,
  { file, folder, situation }: RecordAsk & { folder: string },
  redact: Redact,
): Recorded {
  if (!view.diagnosed)
    throw new DiagError(
      "bad_recording",
      `run ${view.id} has come to no findings: there is nothing to record`,
    );
  const runbook = runbookNow(catalog, view);
  const recording = recordingOf(
    runbook,
    {
      ...(situation === undefined ? {} : { situation }),
      context: contextOf(view, systemOf(catalog, view)),
      uses: view.connections,
      steps: view.steps,
    },
    redact,
  );
  const path = file ?? freeName(join(folder, "recordings", runbook.id, nameOf(recording)));
  if (existsSync(path)) throw new DiagError("usage", `${path} is there already: name another --out`);
  mkdirSync(dirname(resolve(path)), { recursive: true });
  writeFileSync(path, sayRecording(recording));
  return { file: path, findings: recording.conclusion.findings.map(({ id }) => id) };
}

/** After what was found. */
const nameOf = ({ conclusion: { findings, gaps } }: Recording): string =>
  (findings[0]?.id ?? (gaps.length > 0 ? "could-not-look" : "healthy")).replace(/[^a-z0-9-]+/gi, "-");

function freeName(path: string): string {
  for (let n = 1; ; n++) {
    const name = n === 1 ? `${path}.yaml` : `${path}-${n}.yaml`;
    if (!existsSync(name)) return name;
  }
}

/** Replays recordings; what cannot be replayed says why. Throws `usage` where there are none. */
export function testRecordings(
  runbooks: readonly Runbook[],
  { folders, patterns, update, cwd }: TestAsk & { folders: readonly string[]; cwd: string },
): Tested[] {
  const all = folders.flatMap(filesBelow);
  const files = all.filter((path) => patterns.length === 0 || patterns.some((one) => fits(path, one)));
  if (files.length === 0)
    throw new DiagError(
      "usage",
      all.length === 0
        ? `there are no recordings in ${folders.join(" or ")}`
        : `no recording fits ${patterns.join(" ")}`,
      { hint: "diagbot record <runbook> --system <system> writes one" },
    );
  return files.map((path) => testOne(runbooks, path, relative(cwd, path) || path, update));
}

const filesBelow = (folder: string): string[] =>
  existsSync(folder)
    ? readdirSync(folder, { recursive: true, encoding: "utf8" })
        .filter((name) => /\.ya?ml$/.test(name))
        .sort()
        .map((name) => join(folder, name))
    : [];

/** A part of the path; `*` stands for anything. */
const fits = (path: string, pattern: string): boolean =>
  new RegExp(pattern.split("*").map(escaped).join(".*")).test(path);

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");

function testOne(runbooks: readonly Runbook[], path: string, file: string, update: boolean): Tested {
  try {
    const recording = parseRecording(readFileSync(path, "utf8"));
    const runbook = runbooks.find(({ id }) => id === recording.runbook);
    if (runbook === undefined)
      throw new DiagError("unknown_runbook", `runbook ${recording.runbook} is not known here`);
    const replayed = replay(runbook, recording);
    const changes = compared(recording, replayed);
    if (changes.length === 0) return { file, result: "same", lines: [] };
    if (update) writeFileSync(path, sayRecording(updated(recording, replayed)));
    return { file, result: update ? "updated" : "changed", lines: changes };
  } catch (thrown) {
    const { message, hint } = toDiagError(thrown);
    return { file, result: "errored", lines: [message, ...(hint === undefined ? [] : [hint])] };
  }
}
