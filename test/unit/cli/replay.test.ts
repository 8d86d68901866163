import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { routesOf } from "../../../src/config/route-schema.ts";
import { fileSchema } from "../../../src/config/schema.ts";
import { kinds } from "../../../src/connectors/index.ts";
import { rig } from "./rig.ts";

const folder = mkdtempSync(join(tmpdir(), "diagbot-cli-"));
afterAll(() => rmSync(folder, { recursive: true }));
const file = (value: unknown): string => {
  const path = join(folder, "alert.json");
  writeFileSync(path, typeof value === "string" ? value : JSON.stringify(value));
  return path;
};

describe("diagbot replay", () => {
  const alert = (labels: Record<string, string>, status = "firing") => ({
    ...{ status, labels, startsAt: "2026-11-22T01:29:01.99Z", endsAt: "0001-01-01T00:00:00Z" },
  });
  const body = (...alerts: object[]) => ({
    ...{ version: "4", groupKey: "{}:{}", status: "firing", receiver: "bot", alerts },
    ...{ groupLabels: { alertname: "HighLatency" } },
  });
  const known = alert({ alertname: "HighLatency", service: "checkout", severity: "critical" });

  it("says which incident, system, channel and runs a notification leads to", async () => {
    const { code, out } = await rig().say("replay", file(body(known)));
    expect(code).toBe(0);
    expect(out.replaceAll(/ +/g, " ")).toContain("system: shop\nchannel: C0SHOP");
    expect(out).toMatch(/pg-pool-exhausted {2}\{"idleMinutes":10\}/);
  });

  it("takes a recorded request, with its body as JSON or as text", async () => {
    for (const recorded of [{ method: "POST", body: body(known) }, { body: JSON.stringify(body(known)) }]) {
      const { out } = await rig().say("replay", file(recorded), "--json");
      expect(JSON.parse(out)).toMatchObject({ system: "shop", runs: [{ runbook: "pg-pool-exhausted" }] });
    }
  });

  it("says which route takes which alert, matcher by matcher", async () => {
    const routes = routesOf(
      fileSchema(kinds).parse({
        routes: [
          { match: ['alertname=~"High.*"', "severity=warning"], runbook: "none" },
          { match: "severity=critical", params: { idleMinutes: 3 }, runbook: "pg-pool-exhausted" },
        ],
      }).routes,
    );
    const replayed = rig({}, undefined, routes);
    const { out } = await replayed.say("replay", file(body(known)));
    expect(out).toContain(
      [
        "why:",
        "  HighLatency: of shop",
        '    route 1: alertname=~"High.*" fits; severity="warning" does not: it is "critical"',
        '    route 2 takes it: severity="critical" fits',
        "    -> pg-pool-exhausted, by its route",
      ].join("\n"),
    );
    const { out: json } = await replayed.say("replay", file(body(known)), "--json");
    expect(JSON.parse(json)).toMatchObject({
      alerts: [{ alertname: "HighLatency", alerts: 1, system: "shop", route: 2, decidedBy: "route" }],
      runs: [{ runbook: "pg-pool-exhausted", params: { idleMinutes: 3 } }],
    });
  });

  it("says when nothing would be run", async () => {
    const { out } = await rig().say("replay", file(body(alert({ alertname: "X" }))), "--json");
    expect(JSON.parse(out)).toMatchObject({ system: null, channel: "C0OPS", runs: [] });
  });

  it.each([
    ["{", 2, "not JSON"],
    [{ version: "3" }, 2, "version"],
    [{ body: "{" }, 2, "not JSON"],
  ])("refuses %j", async (value, code, says) => {
    const spoken = await rig().say("replay", file(value));
    expect(spoken.code).toBe(code);
    expect(spoken.err).toContain(says);
  });

  it("says that a file is not there", async () => {
    expect(await rig().say("replay", join(folder, "nowhere.json"))).toMatchObject({ code: 64 });
  });
});
