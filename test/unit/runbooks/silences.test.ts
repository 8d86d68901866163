import { describe, expect, it } from "vitest";
import { alerting } from "../../../runbooks/alertmanager/alerting.ts";
import { judge } from "../../../src/testing/index.ts";

const ID = "6a3c2f0e-1d2b-4c3a-9f8e-0123456789ab";
const alert = (name: string, labels: object = {}, silencedBy: string[] = []) => ({
  ...{ fingerprint: name, name, severity: "warning", since: "", silencedBy, inhibitedBy: [] },
  labels: { alertname: name, job: "api", ...labels },
});
const silence = {
  ...{ id: ID, state: "active", by: "ann", comment: "move", startsAt: "", endsAt: "2026-01-01T02:00:00Z" },
  matchers: [{ name: "alertname", value: "Old", isRegex: false, isEqual: true }],
};
const state = (alerts: object[], silences: object[] = []) => ({
  ...{ version: "0.27.0", startedAt: "2026-01-01T00:00:00Z", cluster: "ready", peers: 1, alerts, silences },
  ...{ failing: [], configTaken: true, configAt: null },
});
const asked = (seen: object, params: Record<string, unknown>, scoped = true) =>
  judge(alerting, {
    params,
    now: new Date("2026-01-01T00:00:00Z"),
    steps: { state: seen },
    connections: {
      alerts: { kind: "alertmanager", url: "http://alerts:9093", labels: scoped ? { job: "api" } : {} },
    },
  });

describe("silences that are asked for", () => {
  it("all of a system: one for each alert's name, of what its alerts have alike, never one without a name", () => {
    const seen = state([
      alert("A", { instance: "1" }),
      alert("A", { instance: "2" }),
      alert("B"),
      alert("Old", {}, [ID]),
    ]);
    const { findings, remedies } = asked(seen, { all: true, minutes: 30, reason: "migration" });
    expect(findings.find(({ id }) => id === "silence-asked")?.title).toBe(
      "Silencing all alerts that fire: asked for",
    );
    expect(remedies.silence?.calls?.map(({ input }) => input)).toEqual([
      {
        labels: { alertname: "A", job: "api" },
        minutes: 30,
        comment: expect.stringMatching(/^migration; asked for/),
      },
      {
        labels: { alertname: "B", job: "api" },
        minutes: 30,
        comment: expect.stringMatching(/^migration; /),
      },
    ]);
  });

  it("where the connection tells nobody's alerts apart, not all are silenced", () => {
    const { findings, remedies } = asked(state([alert("A")]), { all: true }, false);
    expect(findings.map(({ title, remedies: offered }) => [title, offered])).toEqual([
      ["Which alerts are this system's is not known, so not all of them are silenced", []],
    ]);
    expect(remedies).toEqual({});
  });

  it("more names than anybody looks at are not silenced at once", () => {
    const many = Array.from({ length: 11 }, (_one, at) => alert(`A${at}`));
    const { findings } = asked(state(many), { all: true });
    expect(findings[0]).toMatchObject({ id: "silence-asked", remedies: [] });
    expect(findings[0]?.because).toContain("/diag maintenance");
  });

  it("nothing that fires: nothing to silence, and none that is silenced is silenced again", () => {
    for (const params of [{ all: true }, { silence: "Old" }])
      expect(
        asked(state([alert("Old", {}, [ID])], [silence]), params).findings.find(
          ({ id }) => id === "silence-asked",
        ),
      ).toMatchObject({ because: "There is nothing to silence.", remedies: [] });
  });

  it("lists what holds, with the id it is ended by, and nothing where nobody asks", () => {
    const { findings } = asked(state([], [silence]), { show: true });
    expect(findings.map(({ id, title }) => [id, title])).toEqual([["silences", "1 silence holds"]]);
    expect(JSON.stringify(findings[0]?.evidence)).toContain(ID);
    expect(asked(state([]), { show: true }).findings[0]?.title).toBe("No silence holds");
    expect(asked(state([], [silence]), {}).findings).toEqual([]);
  });

  it("ends one by its id", () => {
    const { findings } = asked(state([], [silence]), { expire: ID });
    expect(findings[0]).toMatchObject({ id: "expire-asked", remedies: ["expire"] });
  });
});
