import { chmodSync, rmSync, writeFileSync } from "node:fs";
import { userInfo } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { gpuHealth } from "../../../runbooks/host/gpu-health.ts";
import { host } from "../../../src/sdk/index.ts";
import { workFolder } from "../../helpers/host.ts";
import { openBench } from "../../helpers/run-runbook.ts";

const endings: (() => unknown)[] = [];

/** An emulated nvidia-smi: there is no GPU here. It says what is given for each of the queries, and ends with 0 where all is well. */
function emulated(answers: {
  basic: string;
  more?: string;
  apps?: string;
  rows?: string;
  code?: number;
}): string {
  const folder = workFolder();
  endings.push(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, "nvidia-smi");
  const { basic, more = "", apps = "", rows = "", code = 0 } = answers;
  const say = (text: string) => `cat <<'END'\n${text}\nEND\n`;
  writeFileSync(
    path,
    `#!/bin/sh\ncase "$1" in\n*compute-apps*)\n${say(apps)};;\n*mig.mode*)\n${say(more)};;\n*remapped*)\n${say(rows)};;\n*)\n${say(basic)};;\nesac\nexit ${code}\n`,
  );
  chmodSync(path, 0o755);
  return path;
}

const A100 = (more: string, index = 0) =>
  `${index}, GPU-${index}, NVIDIA A100-SXM4-80GB, 535.54.03, 00000000:07:00.0, ${more}, 398.10, 400.00, Enabled`;
const FINE = (index = 0) => `GPU-${index}, Disabled, Not Active, Not Active, Not Active, Not Active, 0, No`;

describe("with an emulated nvidia-smi", () => {
  afterEach(async () => {
    for (const end of endings.splice(0).reverse()) await end();
  });

  const diagnose = async (nvidiaSmi: string) => {
    const bench = openBench({
      connections: { machine: { kind: "host", local: true, nvidiaSmi } },
      connectors: [host.kind.connector].flatMap((one) => (one === undefined ? [] : [one])),
    });
    endings.push(() => bench.close());
    return bench.diagnose(gpuHealth, {});
  };
  const said = (run: Awaited<ReturnType<typeof diagnose>>) =>
    run.findings.map(({ id, severity }) => `${severity} ${id}`);

  test("busy at 100 % at its own power limit is no fault", async () => {
    const smi = emulated({
      basic: A100("100, 40000, 81920, 61"),
      more: FINE(),
      apps: "GPU-0, 999999, 39500, python3",
    });
    expect(said(await diagnose(smi))).toEqual([]);
  });

  test("within a container no process is listed: whose the memory is was not seen, and is not nobody's", async () => {
    const busy = await diagnose(emulated({ basic: A100("87, 79000, 81920, 61"), more: FINE() }));
    expect(said(busy)).toEqual(["info memory-full:0", "info could-not-look"]);
    expect(busy.finding("memory-full:0").title).toContain("by whom is not shown");
    // An idle card whose memory is held by nobody is another matter.
    expect(said(await diagnose(emulated({ basic: A100("0, 40000, 81920, 31"), more: FINE() })))).toEqual([
      "warning memory-of-nobody:0",
    ]);
  });

  test("memory without a spare row left is to be replaced, and no reset helps", async () => {
    const worn = emulated({ basic: A100("0, 100, 81920, 31"), more: FINE(), rows: "GPU-0, 512, No, Yes" });
    expect(said(await diagnose(worn))[0]).toBe("critical memory-worn-out");
  });

  test("eight cards as somebody saw them (wookayin/gpustat#5): nothing is wrong", async () => {
    const rows = [
      [25, 0, 802],
      [54, 86, 10032],
      [55, 85, 6442],
      [58, 60, 6442],
    ].map(
      ([temperature, busy, used], index) =>
        `${index}, GPU-${index}, GeForce GTX TITAN X, 367.44, 00000000:0${index}:00.0, ${busy}, ${used}, 12206, ${temperature}, 70.00, 250.00, Disabled`,
    );
    const apps = [
      [1, 9900],
      [2, 6300],
      [3, 6300],
    ].map(([gpu, memory]) => `GPU-${gpu}, 99999${gpu}, ${memory}, python`);
    expect(
      said(
        await diagnose(
          emulated({
            basic: rows.join("\n"),
            more: [0, 1, 2, 3].map(FINE).join("\n"),
            apps: apps.join("\n"),
          }),
        ),
      ),
    ).toEqual([]);
  });

  test("library and module of different versions; no device on this bus is said for those that find none", async () => {
    const run = await diagnose(
      emulated({
        basic: "Failed to initialize NVML: Driver/library version mismatch\nNVML library version: 570.124",
        code: 18,
      }),
    );
    expect(said(run)).toEqual(["critical driver-mismatch"]);
    expect(JSON.stringify(run.finding("driver-mismatch").evidence)).toContain("570.124");
    expect(run.advice("matchDriver")).toContain("rmmod nvidia_uvm");
    expect(said(await diagnose(emulated({ basic: "No devices were found", code: 6 })))).toEqual([
      "info no-gpu",
    ]);
    expect(said(await diagnose("/no/such/nvidia-smi"))).toEqual(["info no-gpu"]);
  });

  test("one of two does not answer any more", async () => {
    const smi = emulated({
      basic: `${A100("10, 400, 81920, 40")}\nUnable to determine the device handle for GPU0000:65:00.0: Unknown Error`,
      more: FINE(),
      code: 15,
    });
    const run = await diagnose(smi);
    expect(said(run)[0]).toBe("critical gpu-lost");
    expect(run.advice("resetGpu")).toContain("exactly one index");
  });

  test("slowed down by heat, memory that failed; a reset is not for now while somebody uses it", async () => {
    const smi = emulated({
      basic: A100("97, 40000, 81920, 91"),
      more: "GPU-0, Enabled, Not Active, Active, Not Active, Not Active, 2, Yes",
      apps: "GPU-0, 999999, 39500, python3",
    });
    const run = await diagnose(smi);
    expect(said(run)).toEqual(["warning memory-errors", "warning throttled-by-heat"]);
    expect(run.finding("throttled-by-heat").title).toContain("91 °C");
    expect(run.advice("resetGpu")).toMatch(/^Not now: 1 of its processes are seen.*MIG is on/);
  });

  test("full by one server of a model is a note, shared by several a warning, held by nobody another", async () => {
    const full = A100("5, 80500, 81920, 40");
    const one = await diagnose(
      emulated({ basic: full, more: FINE(), apps: `GPU-0, ${process.pid}, 80000, vllm` }),
    );
    expect(said(one)).toEqual(["info memory-full:0"]);
    expect(JSON.stringify(one.finding("memory-full:0").evidence)).toContain(userInfo().username);
    const two = await diagnose(
      emulated({
        basic: full,
        more: FINE(),
        apps: "GPU-0, 999998, 40000, vllm\nGPU-0, 999999, 40000, train.py",
      }),
    );
    expect(said(two)).toEqual(["warning memory-full:0"]);
    expect(
      said(await diagnose(emulated({ basic: A100("0, 30000, 81920, 40"), more: FINE(), apps: "" }))),
    ).toEqual(["warning memory-of-nobody:0"]);
  });

  test("a driver too old for the second question says so, and is not healthy", async () => {
    const smi = emulated({
      basic: A100("5, 300, 81920, 40"),
      more: 'Field "mig.mode.current" is not a valid field to query.',
    });
    const folder = emulated({ basic: "" });
    writeFileSync(
      folder,
      `#!/bin/sh\ncase "$1" in *mig.mode*) echo 'Field "mig.mode.current" is not a valid field to query.'; exit 2;; *) exec ${smi} "$@";; esac\n`,
    );
    const run = await diagnose(folder);
    expect(said(run)).toEqual(["info could-not-look"]);
    expect(JSON.stringify(run.findings[0])).toContain("not a valid field");
  });
});
