import { chmodSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { diskHealth } from "../../../runbooks/host/disk-health.ts";
import { host } from "../../../src/sdk/index.ts";
import { workFolder } from "../../helpers/host.ts";
import { openBench } from "../../helpers/run-runbook.ts";

const endings: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end();
});

/** An emulated smartctl: there is no drive here that has SMART. It says what is given of each device, whatever else it is asked. */
function emulated(answers: Readonly<Record<string, object>>): string {
  const folder = workFolder();
  endings.push(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, "smartctl");
  const list = Object.keys(answers).map((device) => `${device} -d scsi # ${device}, SCSI device`);
  const cases = Object.entries(answers).map(
    ([device, said]) => `${device}) cat <<'END'\n${JSON.stringify(said, null, 2)}\nEND\n;;`,
  );
  writeFileSync(
    path,
    `#!/bin/sh\nif [ "$1" = --scan ]; then cat <<'END'\n${list.join("\n")}\nEND\nexit 0; fi\nfor last; do :; done\ncase "$last" in\n${cases.join("\n")}\nesac\nexit 4\n`,
  );
  chmodSync(path, 0o755);
  return path;
}

const sata = (pending: number, more: object = {}) => ({
  smartctl: { version: [7, 3], exit_status: 0 },
  device: { protocol: "ATA" },
  model_name: "ST4000VN008-2DR166",
  smart_status: { passed: true },
  ata_smart_attributes: {
    table: [
      { id: 5, name: "Reallocated_Sector_Ct", when_failed: "", raw: { value: 0 } },
      { id: 197, name: "Current_Pending_Sector", when_failed: "", raw: { value: pending } },
    ],
  },
  power_on_time: { hours: 30_123 },
  temperature: { current: 34 },
  ...more,
});
const nvme = (log: object) => ({
  smartctl: { version: [7, 3], exit_status: 0 },
  device: { protocol: "NVMe" },
  model_name: "Samsung SSD 980 PRO 2TB",
  smart_status: { passed: !("critical_warning" in log) },
  nvme_smart_health_information_log: {
    ...{ critical_warning: 0, available_spare: 100, percentage_used: 7, media_errors: 0 },
    ...log,
  },
});

async function diagnose(answers: Readonly<Record<string, object>>) {
  const bench = openBench({
    connections: { machine: { kind: "host", local: true, smart: { program: emulated(answers) } } },
    connectors: [host.kind.connector].flatMap((one) => (one === undefined ? [] : [one])),
  });
  endings.push(() => bench.close());
  const run = await bench.diagnose(diskHealth, {});
  return { run, ids: run.findings.map(({ id, severity }) => `${severity} ${id}`) };
}

test("drives that are well are well", async () => {
  const { run, ids } = await diagnose({ "/dev/sda": sata(0), "/dev/nvme0": nvme({}) });
  expect(ids).toEqual([]);
  const { drives } = run.seen;
  expect(drives).toMatchObject({
    ok: true,
    value: {
      drives: [
        { device: "/dev/sda", kind: "ata", pending: 0 },
        { device: "/dev/nvme0", wear: 0.07 },
      ],
    },
  });
});

test("a drive that passes its own verdict and cannot read some sectors", async () => {
  const { run, ids } = await diagnose({ "/dev/sda": sata(24) });
  expect(ids).toEqual(["warning drive-sectors:sda"]);
  expect(run.finding("drive-sectors:sda").title).toContain(
    "24 sectors it cannot read, though it says PASSED",
  );
});

test("a drive that says that it fails", async () => {
  const { ids } = await diagnose({ "/dev/sda": sata(0, { smart_status: { passed: false } }) });
  expect(ids).toEqual(["critical drive-failing:sda"]);
});

test("an NVMe drive that takes no more writes", async () => {
  expect((await diagnose({ "/dev/nvme0": nvme({ critical_warning: 8 }) })).ids).toEqual([
    "critical drive-read-only:nvme0",
  ]);
});

test("flash that is worn, and does not fail", async () => {
  expect((await diagnose({ "/dev/nvme0": nvme({ percentage_used: 112 }) })).ids).toEqual([
    "warning drive-worn:nvme0",
  ]);
});

test("a self test that failed", async () => {
  const failed = { ata_smart_self_test_log: { standard: { table: [{ status: { passed: false } }] } } };
  expect((await diagnose({ "/dev/sda": sata(0, failed) })).ids).toEqual(["warning drive-test:sda"]);
});

test("a drive that may not be asked is not well, but unknown", async () => {
  const denied = {
    smartctl: {
      messages: [{ string: "Smartctl open device: /dev/sda failed: Permission denied" }],
      exit_status: 2,
    },
  };
  const { run, ids } = await diagnose({ "/dev/sda": denied });
  expect(ids).toEqual(["info could-not-look"]);
  expect(run.finding("could-not-look").because).toContain("root only");
});
