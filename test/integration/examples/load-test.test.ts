// The example's own program over real HTTP; Prometheus is emulated: one answer about alerts.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { onPath } from "../../helpers/docker.ts";
import { type TestServer, webServer } from "../../helpers/web-server.ts";
import { examplePrograms, type Programs } from "./programs.ts";

const missing = onPath("python3") === undefined ? "no python3 on the PATH" : undefined;

describe.skipIf(missing !== undefined)(missing ?? "tektra's load test", () => {
  let programs: Programs;
  let service: TestServer;
  let requests = 0;
  let atOnce = 0;
  let most = 0;
  let fails = (_n: number): boolean => false;
  let alerts: unknown = [];

  beforeAll(async () => {
    service = await webServer(({ url = "" }, response) => {
      if (url.startsWith("/api/v1/query")) {
        response.end(JSON.stringify({ status: "success", data: { resultType: "vector", result: alerts } }));
        return;
      }
      requests += 1;
      atOnce += 1;
      most = Math.max(most, atOnce);
      const n = requests;
      setImmediate(() => {
        atOnce -= 1;
        response.statusCode = fails(n) ? 503 : 200;
        response.end("{}");
      });
    });
    programs = examplePrograms("tektra");
  });
  beforeEach(() => {
    [requests, most, alerts] = [0, 0, []];
    fails = () => false;
    configure();
  });
  afterAll(async () => {
    await programs.close();
    await service.close();
  });

  const configure = (prometheus = `http://127.0.0.1:${service.port}`) =>
    writeFileSync(
      join(programs.etc, "load-test.json"),
      JSON.stringify({
        targets: { staging: `http://127.0.0.1:${service.port}/health` },
        result: join(programs.work, "result.json"),
        prometheus,
        firing: 'job="tektra"',
      }),
    );

  it("the first one has nothing before it, is bounded, and its figures are said (trap load-test-prod)", async () => {
    const asked = await programs.asked("load-test", { requests: 40, clients: 4 });
    const done = await asked.apply("do");
    expect(done.previews[0]?.changes[1]).toBe("now: finished never");
    expect([done.holds, requests]).toEqual([true, 40]);
    expect(most).toBeLessThanOrEqual(4);
    const last = await programs.answer("last-load-test");
    expect(last).toMatchObject({ requests: 40, failed: 0, error_rate: 0, ended: "all sent" });
    expect(Number(last.p50_ms)).toBeGreaterThan(0);
    expect(Number(last.p95_ms)).toBeGreaterThanOrEqual(Number(last.p50_ms));
  });

  it("ends at the fifth error, and staging has not stood it", async () => {
    fails = (n) => n > 3;
    const done = await (await programs.asked("load-test", { requests: 200, clients: 2 })).apply("do");
    expect(done.holds).toBe(false);
    // The second client may have one more on its way.
    expect(requests).toBeLessThanOrEqual(9);
    const last = await programs.answer("last-load-test");
    expect(last.ended).toMatch(/^stopped at error [56]$/);
    expect(Number(last.error_rate)).toBeGreaterThan(0.5);
  });

  it("is judged by the share of errors it was declared with, not by whether it came to its end", async () => {
    fails = (n) => n === 7;
    const done = await (await programs.asked("load-test", { requests: 50, clients: 2 })).apply("do");
    expect([done.holds, requests]).toEqual([false, 50]);
    expect((await programs.answer("last-load-test")).error_rate).toBe(0.02);
  });

  it("sends nothing while an alert fires, nor where nobody can say whether one does", async () => {
    alerts = [{ metric: {}, value: [0, "2"] }];
    const asked = await programs.asked("load-test");
    await expect(asked.apply("do")).rejects.toMatchObject({
      code: "target_refused",
      message: expect.stringContaining("an alert fires"),
    });
    configure("http://127.0.0.1:1");
    await expect((await programs.asked("load-test")).apply("do")).rejects.toMatchObject({
      code: "target_refused",
      message: expect.stringContaining("could not be asked"),
    });
    expect(requests).toBe(0);
  });
});
