import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { recordingFolders, testRecordings, writeRecording } from "../../../src/app/recordings.ts";
import type { Catalog } from "../../../src/core/ports/catalog.ts";
import type { StepView } from "../../../src/core/words/view.ts";
import { parseRecording, sayRecording } from "../../../src/testing/recording.ts";
import { makeSystem } from "../../make/system.ts";
import { waitingRun } from "../cli/waiting-run.ts";
import { answers, record, slowBook } from "../testing/made-up.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "diagbot-recordings-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const put = (name: string, text: string) => writeFileSync(join(folder, name), text);
const test = (words?: string, more: { patterns?: string[]; update?: boolean } = {}) =>
  testRecordings([slowBook(words)], { patterns: [], update: false, folders: [folder], cwd: folder, ...more });

it("says of each recording whether the same is concluded, and why one could not be replayed", () => {
  put("a-ill.yaml", sayRecording(record(answers.ill, answers.samples)));
  put("b-well.yml", sayRecording(record(answers.well)));
  put("c-other.yaml", sayRecording({ ...record(answers.well), runbook: "gone" }));
  put("d-broken.yaml", "diagbot: [");
  put("notes.txt", "");
  expect(test("it is tired").map(({ file, result }) => [file, result])).toEqual([
    ["a-ill.yaml", "changed"],
    ["b-well.yml", "same"],
    ["c-other.yaml", "errored"],
    ["d-broken.yaml", "errored"],
  ]);
  expect(test()[2]?.lines).toEqual(["runbook gone is not known here"]);
});

it("replays only what fits a pattern; nothing that fits is a mistake", () => {
  put("a-ill.yaml", sayRecording(record(answers.ill, answers.samples)));
  put("b-well.yaml", sayRecording(record(answers.well)));
  expect(test(undefined, { patterns: ["b-*.yaml", "none"] }).map(({ file }) => file)).toEqual([
    "b-well.yaml",
  ]);
  expect(() => test(undefined, { patterns: ["a.ill"] })).toThrow("no recording fits a.ill");
});

it("updates only what changed, and then it is the same", () => {
  put("a.yaml", sayRecording(record(answers.ill, answers.samples)));
  put("b.yaml", `# by hand\n${sayRecording(record(answers.well))}`);
  expect(test("it is tired", { update: true }).map(({ result }) => result)).toEqual(["updated", "same"]);
  expect(test("it is tired").map(({ result }) => result)).toEqual(["same", "same"]);
  expect(readFileSync(join(folder, "b.yaml"), "utf8")).toMatch(/^# by hand/);
});

it("says how to get the first one", () => {
  expect(() => test()).toThrow(`there are no recordings in ${folder}`);
  expect(recordingFolders("/etc/diagbot")[0]).toBe("/etc/diagbot/recordings");
});

const step = ({ name, ...more }: (typeof answers)[keyof typeof answers]) =>
  ({ name, stage: 0, title: "", effect: "read", state: "succeeded", epoch: 1, ...more }) as StepView;
const system = makeSystem("shop", { connections: { api: { kind: "http", url: "http://127.0.0.1:1" } } });
const catalog = { runbooks: [slowBook()], systems: [system] } as unknown as Catalog;
const run = (...steps: StepView[]) =>
  waitingRun({ runbook: "ill", diagnosed: true, connections: { http: "api" }, params: { count: 3 }, steps });

it("writes what a run saw beside diagbot.yaml, named after what was found, never over what is there", () => {
  const write = (file?: string) =>
    writeRecording(
      catalog,
      run(step(answers.ill), step(answers.samples)),
      { folder, situation: "it is ill", ...(file === undefined ? {} : { file }) },
      (text) => text,
    );
  expect(write()).toEqual({ file: join(folder, "recordings/ill/ill.yaml"), findings: ["ill"] });
  expect(write().file).toBe(join(folder, "recordings/ill/ill-2.yaml"));
  const recording = parseRecording(readFileSync(join(folder, "recordings/ill/ill.yaml"), "utf8"));
  expect(recording).toMatchObject({ situation: "it is ill", uses: { http: "api" } });
  put("here.yaml", "mine");
  expect(() => write(join(folder, "here.yaml"))).toThrow("is there already");
});

it("records nothing of a run that has come to no findings", () => {
  const view = { ...run(), diagnosed: false };
  expect(() => writeRecording(catalog, view, { folder }, (text) => text)).toThrow("nothing to record");
});
