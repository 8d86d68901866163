import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { closeSync, mkdirSync, openSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { diskFull } from "../../../runbooks/host/disk-full.ts";
import { oldFile, smallDisk, whyNoDisk, workFolder } from "../../helpers/host.ts";

import { benchOf, cleanups, endAll, MIB } from "./disk-bench.ts";

afterEach(endAll);

function fill(folder: string, content: () => string | Buffer, most: number): void {
  try {
    for (let n = 0; n < most; n++) writeFileSync(join(folder, `f${n}`), content());
  } catch {
    // It is full.
  }
}

const ids = ({ findings }: { findings: readonly { id: string }[] }) => findings.map(({ id }) => id);

describe.skipIf(whyNoDisk("mkfs.ext4") !== undefined)("disks of several types", () => {
  const disk = (...given: Parameters<typeof smallDisk>) => {
    const made = smallDisk(...given);
    cleanups.push(() => made.stop());
    return made;
  };
  const ext4 = ["mkfs.ext4", "-q", "-m", "0"];

  it("deleted files of another disk do not come before the full one", async () => {
    const full = disk(16, ext4);
    const other = disk(16, ext4);
    writeFileSync(join(full.path, "data.bin"), Buffer.alloc(13 * MIB));
    const file = oldFile(join(other.path, "app.log"), 4 * MIB, 0);
    const held = openSync(file, "r");
    rmSync(file);
    const seen = await benchOf({ mounts: [full.path, other.path] }).diagnose(diskFull);
    closeSync(held);
    expect(seen.findings.map(({ id, severity }) => [id.split(":")[0], severity])).toEqual([
      ["disk-full", "critical"],
      ["deleted-open-files", "info"],
    ]);
    expect(seen.advice("growFileSystem")).toContain(`resize2fs ${full.device}`);
  });

  it("an error that stopped the writes is found, whatever `rw` says", async () => {
    const { path, device } = disk(16, ext4, "loop,errors=remount-ro");
    expect(ids(await benchOf({ mounts: [path] }).diagnose(diskFull))).toEqual([]);
    writeFileSync(`/sys/fs/ext4/${device.replace("/dev/", "")}/trigger_fs_error`, "1");
    expect(() => writeFileSync(join(path, "x"), "x")).toThrow("EROFS");
    const { findings } = await benchOf({ mounts: [path] }).diagnose(diskFull);
    expect(findings).toMatchObject([
      {
        id: `read-only:${path}`,
        severity: "critical",
        title: expect.stringContaining("the kernel stopped them"),
      },
    ]);
    const log = execFileSync("sh", ["-c", "dmesg 2>/dev/null; true"], { encoding: "utf8" });
    if (log !== "")
      expect(findings[0]?.because).toMatch(
        new RegExp(`The kernel's log has the error: .*${device.slice(5)}\\b`),
      );
  });

  it("a write-protected image is full by design; so is one that is mounted read-only on purpose", async () => {
    const { path, mount } = disk(16, ext4);
    fill(path, () => Buffer.alloc(MIB), 20);
    expect(ids(await benchOf({ mounts: [path] }).diagnose(diskFull))).toContain(`disk-full:${path}`);
    mount("loop,ro");
    expect(ids(await benchOf({ mounts: [path] }).diagnose(diskFull))).toEqual([]);
    expect(ids(await benchOf({}).diagnose(diskFull, { mountpoint: path }))).toContain(
      `full-by-design:${path}`,
    );
  });

  it("one that lies under a later mount is hidden, not gone", async () => {
    const outer = workFolder();
    cleanups.push(() => rmSync(outer, { recursive: true, force: true }));
    const inner = disk(16, ext4);
    const under = join(outer, "in/ner");
    mkdirSync(under, { recursive: true });
    execFileSync("mount", [inner.device, under]);
    cleanups.push(() => execFileSync("umount", [under]));
    execFileSync("mount", ["-t", "tmpfs", "diagbot-test", join(outer, "in")]);
    cleanups.push(() => execFileSync("umount", [join(outer, "in")]));
    const watched = await benchOf({ mounts: [under] }).diagnose(diskFull);
    expect(watched.findings).toMatchObject([{ id: `hidden:${under}`, severity: "warning" }]);
    expect(watched.findings[0]?.title).toContain(
      `hidden under what was mounted later on ${join(outer, "in")}`,
    );
    const all = await benchOf({}).diagnose(diskFull);
    expect(JSON.stringify(all.finding("could-not-look"))).toContain(`${under} (ext4)`);
    expect(ids(all)).not.toContain(`not-answering:${under}`);
  });

  it("the folder of the container engine is looked at where it is a file system of its own", async () => {
    const made = disk(16, [...ext4, "-N", "64"]);
    const folder = "/var/lib/containerd/diagbot-test";
    mkdirSync(folder, { recursive: true });
    execFileSync("mount", [made.device, folder]);
    cleanups.push(() => {
      execFileSync("umount", [folder]);
      rmSync(folder, { recursive: true });
    });
    fill(folder, () => "", 100);
    made.stop();
    cleanups.splice(cleanups.length - 2, 1);
    expect(ids(await benchOf({}).diagnose(diskFull))).toContain(`inodes-full:${folder}`);
  });

  it("an alert about a mount this machine lacks is said to be so; about one it has, that one is looked at", async () => {
    const { path } = disk(16, ext4);
    fill(path, () => Buffer.alloc(MIB), 20);
    const lacking = await benchOf({ mounts: ["/proc/self"] }).diagnose(diskFull, {
      mountpoint: "/mnt/longhorn",
    });
    expect(ids(lacking)).toEqual(["mount-not-here"]);
    const here = await benchOf({ mounts: ["/proc/self"] }).diagnose(diskFull, {
      mountpoint: `/rootfs${path}`,
    });
    expect(ids(here)).toEqual([`disk-full:${path}`]);
  });

  it.skipIf(whyNoDisk("mkfs.btrfs") !== undefined)(
    "a btrfs without room for metadata is full while df shows room; a fresh one is not",
    async () => {
      const { path } = disk(
        128,
        ["mkfs.btrfs", "-q", "-f", "-m", "single", "-d", "single"],
        "loop,max_inline=4095",
      );
      expect(ids(await benchOf({ mounts: [path] }).diagnose(diskFull))).toEqual([]);
      // All that is not set aside yet goes to data, then little files fill what metadata has.
      fill(path, () => Buffer.alloc(MIB), 128);
      for (let n = 0; n < 40; n++) rmSync(join(path, `f${n}`), { force: true });
      execFileSync("sync", ["-f", path]);
      mkdirSync(join(path, "small"));
      fill(join(path, "small"), () => randomBytes(3_900), 100_000);
      const diagnosis = await benchOf({ mounts: [path] }).diagnose(diskFull);
      expect(diagnosis.findings[0]).toMatchObject({ id: `metadata-full:${path}`, severity: "critical" });
      expect(diagnosis.advice("balanceBtrfs")).toContain(`btrfs balance start -dusage=5 ${path}`);
      expect(diagnosis.findings.flatMap(({ remedies }) => remedies)).not.toContain("growFileSystem");
    },
    60_000,
  );
});
