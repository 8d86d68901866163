import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it, test } from "vitest";
import { logsExposure } from "../../../runbooks/logs/logs-exposure.ts";
import { hostConnector } from "../../../src/connectors/host/index.ts";
import { workFolder } from "../../helpers/host.ts";
import { openBench } from "../../helpers/run-runbook.ts";

describe.skipIf(process.platform !== "linux")("log files of a machine", () => {
  const folder = workFolder();
  const path = join(folder, "app.log");
  const logs = [{ name: "app", path }];
  const stamp = (ago: number) => new Date(Date.now() - ago * 1000).toISOString();
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const diagnose = (params = {}, machine: object = { local: true, logs }) => {
    const bench = openBench({
      connections: { machine: { kind: "host", ...machine } },
      connectors: [hostConnector],
    });
    return bench.diagnose(logsExposure, params).finally(() => bench.close());
  };

  it("says where and how many, and of no value anything", async () => {
    writeFileSync(
      path,
      [
        `${stamp(7_300)} INFO password=longago1`,
        `${stamp(60)} INFO login password=hunter2!`,
        `${stamp(50)} INFO login password=hunter3!`,
        `${stamp(40)} INFO postgres://app:s3cr3tpw@db/x ann@example.com`,
        "",
      ].join("\n"),
    );
    const run = await diagnose();
    const found = run.finding("exposed:machine/app");
    expect(found.title).toBe("machine/app shows a password or key, by its name in 2 lines, and 1 other kind");
    expect(found.remedies).toEqual(["replace", "mask"]);
    expect(JSON.stringify([run.findings, run.seen])).not.toMatch(/hunter|s3cr3tpw|longago|ann@/);
    expect((await diagnose({ mail: true })).finding("exposed:machine/app").title).toContain("2 other kinds");
  });

  test("trap secrets-in-output: a log that masks is silent, and so is one that only speaks of tokens", async () => {
    writeFileSync(
      path,
      [
        `${stamp(60)} INFO login password=****** token=[redacted]`,
        `${stamp(50)} INFO max_tokens=4096 password: incorrect`,
        `${stamp(40)} INFO mail to ann@example.com`,
        "",
      ].join("\n"),
    );
    expect((await diagnose()).findings).toEqual([]);
    expect((await diagnose({ mail: true })).findings.map(({ severity }) => severity)).toEqual(["info"]);
  });

  it("a file that is not there is not without secrets", async () => {
    rmSync(path);
    const { findings } = await diagnose();
    expect(findings.map(({ id }) => id)).toEqual(["could-not-look"]);
  });
});
