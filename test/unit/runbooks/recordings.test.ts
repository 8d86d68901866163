import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { runbooks } from "../../../runbooks/index.ts";
import { compared } from "../../../src/testing/compare.ts";
import { parseRecording, type Recording, sayRecording } from "../../../src/testing/recording.ts";
import { replay } from "../../../src/testing/replay.ts";

const folder = new URL("../../recordings/", import.meta.url).pathname;
const of = (id: string): string[] =>
  existsSync(join(folder, id)) ? readdirSync(join(folder, id)).sort() : [];
const textOf = (id: string, file: string) => readFileSync(join(folder, id, file), "utf8");

const parsed = new Map<string, Recording>();
/** Each is read once: that is most of the work here. Nothing below changes it. */
function read(id: string, file: string): Recording {
  const recording = parsed.get(`${id}/${file}`) ?? parseRecording(textOf(id, file));
  parsed.set(`${id}/${file}`, recording);
  return recording;
}

describe.each(runbooks.map((runbook) => [runbook.id, runbook] as const))("%s", (id, runbook) => {
  it("is recorded healthy and ill", () => {
    const recordings = of(id).map((file) => read(id, file));
    const found = recordings.map(({ conclusion: { findings, gaps } }) => findings.length + gaps.length);
    expect(Math.min(...found)).toBe(0);
    expect(recordings.some(({ conclusion: { findings } }) => findings.length > 0)).toBe(true);
    expect(
      recordings.some(({ steps }) => Object.values(steps).some(({ error }) => error !== undefined)),
    ).toBe(true);
  });

  it("says each finding once", () => {
    const twice = of(id).flatMap((file) => {
      const ids = read(id, file).conclusion.findings.map((finding) => finding.id);
      return ids.filter((one, at) => ids.indexOf(one) !== at).map((one) => `${file}: ${one}`);
    });
    expect(twice, "what follows from it would be said as often").toEqual([]);
  });

  it("offers no remedy without words or calls", () => {
    const empty = of(id).flatMap((file) =>
      Object.entries(read(id, file).conclusion.remedies)
        .filter(([, { advice, calls = [] }]) => (advice ?? "").trim() === "" && calls.length === 0)
        .map(([key]) => `${file}: ${key}`),
    );
    expect(empty).toEqual([]);
  });

  it.each(of(id))("%s: the same is concluded", (file) => {
    const recording = read(id, file);
    expect(recording.runbook).toBe(id);
    expect(compared(recording, replay(runbook, recording))).toEqual([]);
  });

  it.each(of(id))("%s: is written as `record` writes it", (file) => {
    expect(sayRecording(read(id, file))).toBe(textOf(id, file));
  });
});

it("no recording is left of a runbook that is gone", () => {
  expect(readdirSync(folder).filter((id) => !runbooks.some((runbook) => runbook.id === id))).toEqual([]);
});
