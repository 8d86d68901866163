// The real logrotate, with configurations, logs and a state of our own.
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { logRotation } from "../../../runbooks/host/log-rotation.ts";
import * as host from "../../../src/connectors/host/actions.ts";
import { onPath } from "../../helpers/docker.ts";
import { workFolder } from "../../helpers/host.ts";
import { hostBench, minimalMachine, processes, whyNoMinimal } from "../../helpers/host-bench.ts";

const why =
  process.getuid?.() !== 0
    ? "logrotate takes only root's configuration as root"
    : onPath("logrotate") === undefined
      ? "logrotate is not on the PATH"
      : undefined;
const { run, end } = processes();
const ids = ({ findings }: { findings: readonly { id: string }[] }) => findings.map(({ id }) => id);

describe.skipIf(why !== undefined)(`rotation of logs (skipped: ${why ?? "no"})`, () => {
  let folder = "";
  const at = (...names: readonly string[]) => join(folder, ...names);
  beforeEach(() => {
    folder = workFolder();
    for (const name of ["logs", "rules"]) mkdirSync(at(name), { mode: 0o755 });
    // What stands outside of all blocks holds for included ones, too.
    writeFileSync(at("main.conf"), `weekly\nrotate 4\ninclude ${at("rules")}\n`, { mode: 0o644 });
    writeFileSync(at("state"), "logrotate state -- version 2\n", { mode: 0o644 });
  });
  afterEach(async () => {
    await end();
    rmSync(folder, { recursive: true, force: true });
  });
  const rule = (text: string, name = "app", mode = 0o644) => {
    writeFileSync(at("rules", name), text);
    chmodSync(at("rules", name), mode);
    return at("rules", name);
  };
  const log = (name: string, kib = 200) => {
    writeFileSync(at("logs", name), Buffer.alloc(kib * 1024, "x\n"));
    return at("logs", name);
  };
  const benchOf = (configs: readonly string[] = []) =>
    hostBench([], {
      cleanable: [at("logs")],
      logrotate: { main: at("main.conf"), state: at("state"), configs },
    });
  const diagnose = async (params: Record<string, unknown> = {}, configs: readonly string[] = []) => {
    const bench = benchOf(configs);
    const diagnosis = await bench.diagnose(logRotation, { mib: 0.1, ...params });
    return { ...diagnosis, bench };
  };
  /** Appends to a log for ever, and keeps it open under whatever name it gets. */
  const writer = (path: string) =>
    run([
      process.execPath,
      "-e",
      `const fs = require("fs"); const f = fs.openSync(${JSON.stringify(path)}, "a"); fs.writeSync(f, "line\\n"); fs.writeSync(1, "x"); setInterval(() => {}, 1000)`,
    ]);

  it("logs below the size, and a large one that its rule will take, are no fault", async () => {
    rule(`${at("logs")}/*.log { daily\n size 100k\n rotate 14\n}\n`);
    log("app.log", 20);
    expect(ids(await diagnose())).toEqual([]);
    const path = log("app.log");
    const { finding } = await diagnose();
    expect(finding(`rotation-large:${path}`)).toMatchObject({ severity: "info" });
    expect(finding(`rotation-large:${path}`).title).toContain("is due: it is rotated at the next run");
    // A large file that is no log is none of its business.
    log("orders.db", 900);
    expect(ids(await diagnose())).toEqual([`rotation-large:${path}`]);
  });

  it("a large log without a rule, with the rule written out; it is one that logrotate takes", async () => {
    const path = log("app.log");
    await writer(path);
    const { finding, advice, bench } = await diagnose({ mib: 0.15, keep: 3 });
    expect(finding(`rotation-large:${path}`)).toMatchObject({ severity: "warning", remedies: ["addRule"] });
    const [, text = ""] = /```\n([\s\S]*?)\n```/.exec(advice("addRule")) ?? [];
    expect(text).toContain("rotate 3");
    const config = rule(`${text}\n`.replace("maxsize 1M", "maxsize 100k"), "told");
    const now = await bench.call(host.rotation({ mib: 0.1 }));
    expect(now.errors).toEqual([]);
    expect(now.large[0]?.rule).toMatchObject({ keeps: 3, due: true });
    expect(config).toContain("told");
    await bench.close();
  });

  it("what logrotate refuses is said, with what to do about each", async () => {
    const path = log("app.log");
    rule(`${path} {\n daily\n frobnicate\n}\n`, "a");
    rule(`${path} {\n daily\n}\n`, "b");
    rule(`${at("logs")}/c.log {\n daily\n}\n`, "open", 0o666);
    const { finding, advice } = await diagnose();
    const found = finding("rotation-fails");
    expect(JSON.stringify(found.evidence)).toContain("unknown option 'frobnicate'");
    expect(JSON.stringify(found.evidence)).toContain("duplicate log entry");
    expect(advice("fixRules")).toMatch(
      /chmod 644 FILE[\s\S]*two blocks take the same file[\s\S]*a word of the block is none/,
    );
  });

  it("a folder that others may write to: its logs are skipped, and that explains how large they are", async () => {
    chmodSync(at("logs"), 0o777);
    const path = log("app.log");
    rule(`${path} {\n size 100k\n}\n`);
    const { finding, findings, advice } = await diagnose();
    expect(finding("rotation-fails").title).toContain(path);
    expect(findings[0]?.id).toBe("rotation-fails");
    expect(advice("fixRules")).toContain("`su USER GROUP`");
  });

  it("it has not run for days", async () => {
    rule(`${at("logs")}/*.log {\n daily\n}\n`);
    log("app.log", 1);
    const days = Date.now() / 1000 - 5 * 86_400;
    utimesSync(at("state"), days, days);
    expect((await diagnose()).finding("rotation-idle").title).toMatch(/last ran 5 d/);
  });

  it("what writes to a log that was rotated away is named; one that writes to the live log is not", async () => {
    const path = log("app.log", 20);
    const { pid } = await writer(path);
    expect(ids(await diagnose())).toEqual([]);
    renameSync(path, `${path}.1`);
    writeFileSync(path, "");
    const { finding, advice } = await diagnose();
    expect(finding(`rotation-held:${path}.1`).title).toContain("node still writes to");
    expect(advice("reopen")).toContain(`(pid ${pid})`);
  });

  it("rotates one configuration with the main one's settings: a new file, the old one kept, nothing else touched", async () => {
    const path = log("app.log");
    const other = log("other.log");
    const config = rule(`${path} {\n missingok\n}\n`);
    rule(`${other} {\n daily\n}\n`, "other");
    const diagnosis = await diagnose({ config }, [config]);
    const before = statSync(path).ino;
    const applied = await diagnosis.apply("rotate");
    // The main configuration says `rotate 4`; alone this one would keep none.
    expect(applied.previews[0]?.refused).toBeUndefined();
    expect(applied.holds).toBe(true);
    expect(statSync(`${path}.1`).ino).toBe(before);
    expect(existsSync(path) ? statSync(path).size : 0).toBe(0);
    expect(readdirSync(at("logs")).filter((name) => name.startsWith("other"))).toEqual(["other.log"]);
    await diagnosis.bench.close();
  });

  it("refused: what was rotated between the approval and the run, by renaming or within the file", async () => {
    const path = log("app.log");
    const config = rule(`${path} {\n missingok\n}\n`);
    const bench = benchOf([config]);
    const call = host.rotateLogs({ config, logs: [path] });
    const { witness } = await bench.preview(call);
    const byRenaming = () => {
      renameSync(path, `${path}.1`);
      log("app.log", 1);
    };
    for (const rotate of [byRenaming, () => writeFileSync(path, "begun anew\n")]) {
      rotate();
      await expect(bench.call(call, witness)).rejects.toThrow(/rotated meanwhile/);
    }
    expect(existsSync(`${path}.2`)).toBe(false);
    await bench.close();
  });

  it("refused: what is not declared, what keeps no old ones, what logrotate refuses itself", async () => {
    const path = log("app.log");
    const none = rule(`${path} {\n rotate 0\n}\n`);
    const bench = benchOf([none]);
    const refusal = async (config: string) =>
      (await bench.preview(host.rotateLogs({ config, logs: [path] }))).refused ?? "";
    expect(await refusal(none)).toContain("keeps no old logs");
    expect(await refusal("/etc/logrotate.d/dpkg")).toContain("not among `logrotate.configs`");
    rule(`${path} {\n frobnicate\n rotate 2\n}\n`);
    expect(await refusal(none)).toContain("unknown option");
    expect(readdirSync(at("logs"))).toEqual(["app.log"]);
    await bench.close();
  });

  it.skipIf(whyNoMinimal() !== undefined)(
    "without logrotate that is said where logs are large, and nowhere else",
    async () => {
      const machine = minimalMachine();
      const bench = hostBench(machine.prefix, { cleanable: ["/tmp"] });
      try {
        expect(ids(await bench.diagnose(logRotation, { mib: 0.1 }))).toEqual([]);
        writeFileSync(join(machine.root, "tmp/app.log"), Buffer.alloc(300_000));
        const { findings } = await bench.diagnose(logRotation, { mib: 0.1 });
        expect(findings.map(({ title }) => title).join()).toContain("logrotate is not installed");
      } finally {
        await bench.close();
        machine.stop();
      }
    },
  );
});
