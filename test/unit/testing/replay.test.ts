import { describe, expect, it } from "vitest";
import { z } from "zod";
import { redactor } from "../../../src/lib/redact.ts";
import { compared, updated } from "../../../src/testing/compare.ts";
import { recordingOf } from "../../../src/testing/record.ts";
import { parseRecording, sayRecording } from "../../../src/testing/recording.ts";
import { replay } from "../../../src/testing/replay.ts";
import { answers, context, record, slowBook } from "./made-up.ts";

describe("a recording", () => {
  it("holds what was asked, what came back and what was concluded, and survives its file", () => {
    const recording = record(answers.ill, answers.samples);
    expect(recording.conclusion).toEqual({
      findings: [
        {
          id: "ill",
          severity: "warning",
          title: "status 503",
          because: "it says so itself",
          remedies: ["look"],
        },
      ],
      gaps: [],
      remedies: { look: { title: "Look at it", risk: "low", advice: "look at /health" } },
    });
    expect(parseRecording(sayRecording(recording))).toEqual(recording);
  });

  it("has no secrets", () => {
    const secret = { ...answers.ill, output: { ...answers.ill.output, says: "password=hunter2hunter2" } };
    const seen = { context, uses: { http: "api" }, steps: [secret, answers.samples] };
    const text = sayRecording(recordingOf(slowBook(), seen, redactor([])));
    expect(text).not.toContain("hunter2");
    expect(text).toContain("[redacted]");
  });

  it("says what is wrong with its file", () => {
    expect(() => parseRecording("diagbot: 1\n  a: [")).toThrow(/./);
    const text = sayRecording(record(answers.well)).replace("diagbot: 1", "diagbot: 2");
    expect(() => parseRecording(text)).toThrow(/^diagbot: /);
    const both = sayRecording(record(answers.well)).replace(
      "    output:",
      "    error: {code: a, message: b}\n    output:",
    );
    expect(() => parseRecording(both)).toThrow("has either an output or an error");
  });
});

describe("replaying", () => {
  it("comes to the same again, through every stage", () => {
    for (const recording of [
      record(answers.well),
      record(answers.ill, answers.samples),
      record(answers.refused),
    ])
      expect(compared(recording, replay(slowBook(), recording))).toEqual([]);
  });

  it("says what no finding speaks of", () => {
    const { findings, gaps } = record(answers.refused).conclusion;
    expect([findings.map(({ id }) => id), gaps]).toEqual([["could-not-look"], ["health"]]);
  });

  it("prints a changed conclusion as a diff, and updates it", () => {
    const recording = record(answers.ill, answers.samples);
    const replayed = replay(slowBook("it is tired"), recording);
    expect(compared(recording, replayed)).toContain("-     because: it says so itself");
    expect(compared(recording, replayed)).toContain("+     because: it is tired");
    const next = updated(recording, replayed);
    expect(compared(next, replay(slowBook("it is tired"), next))).toEqual([]);
  });

  it("says which step asks for something that was not recorded", () => {
    const recording = record(answers.ill, answers.samples);
    const { samples: _samples, ...steps } = recording.steps;
    expect(() => replay(slowBook(), { ...recording, steps })).toThrow(
      'step samples asks for something that was not recorded: http.samples on api with {"count":3}',
    );
    const others = { ...recording, context: { ...recording.context, params: { count: 4 } } };
    expect(() => replay(slowBook(), others)).toThrow(/http\.samples on api with \{"count":4\}/);
  });

  it("finds answers by call: a renamed step is none that is missing", () => {
    const recording = record(answers.ill, answers.samples);
    const { health, ...rest } = recording.steps;
    const renamed = { ...recording, steps: { ...rest, wasCalledSo: health! } };
    expect(compared(renamed, replay(slowBook(), renamed))).toEqual([]);
  });

  it("says which recorded step is not asked for any more, and drops it when updated", () => {
    const recording = record(answers.well);
    const more = {
      ...recording,
      steps: { ...recording.steps, samples: record(answers.ill, answers.samples).steps.samples! },
    };
    const replayed = replay(slowBook(), more);
    expect(compared(more, replayed)).toEqual(["- steps.samples: the runbook does not ask for it any more"]);
    expect(Object.keys(updated(more, replayed).steps)).toEqual(["health"]);
  });

  it("says when an action does not return that any more, and when parameters are not taken any more", () => {
    const recording = record(answers.well);
    const broken = structuredClone(recording);
    (broken.steps.health as { output: object }).output = { path: 1 };
    expect(() => replay(slowBook(), broken)).toThrow(/http\.health does not return this any more/);
    const picky = { ...slowBook(), params: z.object({ count: z.string() }) };
    expect(() => replay(picky, recording)).toThrow(/does not take these parameters any more: count/);
  });
});
