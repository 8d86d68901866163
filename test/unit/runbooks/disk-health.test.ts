import { describe, expect, it } from "vitest";
import { driveFindings } from "../../../runbooks/host/drive-findings.ts";
import { judgeDrives } from "../../../src/connectors/host/drives.ts";
import { driveIn } from "../../../src/connectors/host/drives-parsing.ts";

const attribute = (id: number, name: string, value: number, when_failed = "") => ({
  ...{ id, name, value: 100, worst: 100, thresh: 10, when_failed },
  raw: { value, string: String(value) },
});
/** As smartctl 7.3 writes it, shortened. */
const ata = (more: object = {}, ...table: object[]) => ({
  smartctl: { version: [7, 3], exit_status: 0 },
  device: { name: "/dev/sda", type: "sat", protocol: "ATA" },
  model_name: "ST4000VN008",
  smart_status: { passed: true },
  ata_smart_attributes: { revision: 10, table },
  temperature: { current: 34 },
  power_on_time: { hours: 30_123 },
  ...more,
});
const nvme = (log: object, passed = true) => ({
  smartctl: { version: [7, 3], exit_status: 0 },
  device: { name: "/dev/nvme0", type: "nvme", protocol: "NVMe" },
  model_name: "Samsung SSD 980 PRO",
  smart_status: { passed },
  nvme_smart_health_information_log: {
    ...{ critical_warning: 0, available_spare: 100, available_spare_threshold: 10, percentage_used: 3 },
    ...{ media_errors: 0, num_err_log_entries: 1204, temperature: 41 },
    ...log,
  },
});
const found = (answer: object, lines: string[] = [], device = "/dev/sda") => {
  const one = driveIn(device, JSON.stringify(answer));
  const drives = "unread" in one ? [] : [one];
  return driveFindings({ drives }, { lines }).map(({ id, severity }) => `${severity} ${id}`);
};

describe("what drives say of themselves", () => {
  it.each<[string, object, string[], string[]]>([
    ["well", ata({}, attribute(5, "Reallocated_Sector_Ct", 0), attribute(197, "Pending", 0)), [], []],
    ["replaced sectors of years ago are no news", ata({}, attribute(5, "Reallocated_Sector_Ct", 8)), [], []],
    [
      "PASSED, and cannot read some",
      ata({}, attribute(197, "Current_Pending_Sector", 24), attribute(187, "Reported_Uncorrect", 31)),
      [],
      ["warning drive-sectors:sda"],
    ],
    [
      "the same, and the kernel meets it",
      ata({}, attribute(197, "Current_Pending_Sector", 24)),
      ["blk_update_request: critical medium error, dev sda, sector 1234 op 0x0:(READ)"],
      ["critical drive-sectors:sda"],
    ],
    [
      "another drive's errors are another drive's",
      ata({}, attribute(197, "Current_Pending_Sector", 0)),
      ["blk_update_request: critical medium error, dev sdb, sector 1234"],
      ["critical drive-errors:sdb"],
    ],
    [
      "errors of its whole life are a note",
      ata({}, attribute(187, "Reported_Uncorrect", 3)),
      [],
      ["info drive-sectors:sda"],
    ],
    ["its own verdict", ata({ smart_status: { passed: false } }), [], ["critical drive-failing:sda"]],
    [
      "an attribute at its limit now, and one that was once",
      ata({}, attribute(5, "Reallocated_Sector_Ct", 4000, "now"), attribute(190, "Airflow", 60, "past")),
      [],
      ["critical drive-failing:sda"],
    ],
    ["a cable of years ago is no news", ata({}, attribute(199, "UDMA_CRC_Error_Count", 12_000)), [], []],
    [
      "a cable now",
      ata({}, attribute(199, "UDMA_CRC_Error_Count", 12_000)),
      ["ata1.00: error: { ICRC ABRT }"],
      ["warning drive-cable:sda"],
    ],
    [
      "a self test that failed",
      ata({ ata_smart_self_test_log: { standard: { table: [{ status: { passed: false } }] } } }),
      [],
      ["warning drive-test:sda"],
    ],
  ])("ATA: %s", (_what, answer, lines, ids) => expect(found(answer, lines)).toEqual(ids));

  it.each<[string, object, string[]]>([
    ["well; its log of errors counts what nobody needs", nvme({}), []],
    ["worn, and not failing", nvme({ percentage_used: 112 }), ["warning drive-worn:nvme0"]],
    ["nearly worn", nvme({ percentage_used: 93 }), ["info drive-worn:nvme0"]],
    ["spare", nvme({ critical_warning: 1, available_spare: 4 }, false), ["critical drive-spare:nvme0"]],
    ["hot", nvme({ critical_warning: 2 }, false), ["warning drive-temperature:nvme0"]],
    ["reliability", nvme({ critical_warning: 4 }, false), ["critical drive-reliability:nvme0"]],
    ["read-only", nvme({ critical_warning: 8 }, false), ["critical drive-read-only:nvme0"]],
    ["power reserve", nvme({ critical_warning: 16 }, false), ["warning drive-backup-power:nvme0"]],
  ])("NVMe: %s", (_what, answer, ids) => expect(found(answer, [], "/dev/nvme0")).toEqual(ids));

  it("SAS by its own counters", () => {
    const sas = {
      smartctl: {},
      device: { protocol: "SCSI" },
      scsi_model_name: "HUH721212AL5200",
      smart_status: { passed: true },
      scsi_grown_defect_list: 12,
      scsi_error_counter_log: {
        read: { total_uncorrected_errors: 2 },
        write: { total_uncorrected_errors: 0 },
      },
    };
    expect(found(sas)).toEqual(["info drive-sectors:sda"]);
    expect(found({ ...sas, scsi_error_counter_log: { read: { total_uncorrected_errors: 0 } } })).toEqual([]);
  });
});

describe("what is not known of drives", () => {
  const SDA = "sda\tATA ST4000VN008\n";
  const seen = (disks: string, answers = "", place = "", isSudo = false) =>
    judgeDrives([place, disks, "", answers].join("==\n"), isSudo);
  const said = (string: string) =>
    `/dev/sda\n${JSON.stringify({ smartctl: { messages: [{ string }], exit_status: 2 } })}\n`;

  it.each([
    ["not installed", seen(SDA, "", "absent\n"), /not installed/],
    ["no right", seen(SDA, said("Smartctl open device: /dev/sda failed: Permission denied")), /root only/],
    ["sudo says no", seen(SDA, said("/dev/sda: Permission denied"), "", true), /sudo does not let it/],
    ["asleep", seen(SDA, said("Device is in STANDBY mode, exit(2)")), /sleeps/],
    ["behind a controller", seen(SDA, said("/dev/sda: Unable to detect device type")), /controller/],
    ["from a container", seen(SDA, "", "container\n"), /inside a container/],
    ["nothing said", seen(SDA, "/dev/sda\n\n"), /no answer/],
  ])("is said: %s", (_what, { notSeen = [] }, why) => expect(notSeen[0]?.why).toMatch(why));

  it("a virtual machine misses nothing", () => {
    expect(seen("sda\tQEMU QEMU HARDDISK\nnvme0n1\t Amazon Elastic Block Store\n", "", "absent\n")).toEqual({
      drives: [],
      physical: 0,
    });
    expect(seen("", "", "absent\n").notSeen).toBeUndefined();
  });

  it("the kernel's errors are told of drives that say nothing, a cloud's too", () => {
    const lines = ["blk_update_request: I/O error, dev vda, sector 9"];
    expect(driveFindings({ drives: [] }, { lines }).map(({ id }) => id)).toEqual(["drive-errors:vda"]);
    expect(driveFindings({ drives: [] }, { lines: ["EXT4-fs error (device sda1): x"] })).toEqual([]);
  });
});

it("damaged words of a drive beside others may be another one's: the kernel names a port", () => {
  const old = ata({}, attribute(199, "UDMA_CRC_Error_Count", 12_000));
  const [one, other] = [driveIn("/dev/sda", JSON.stringify(old)), driveIn("/dev/sdb", JSON.stringify(ata()))];
  if ("unread" in one || "unread" in other) throw new Error("they can be read");
  const says = { lines: ["ata3.00: error: { ICRC ABRT }"] };
  const [alone] = driveFindings({ drives: [one] }, says);
  const [beside] = driveFindings({ drives: [one, other] }, says);
  expect([alone?.title, alone?.because]).not.toContainEqual(
    expect.stringMatching(/by its count|another one's/),
  );
  expect(beside?.title).toContain("a drive, by its count sda");
  expect(beside?.because).toContain("`ls -l /sys/block | grep ata3/`");
});
