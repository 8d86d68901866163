// Real volumes under real file systems: what xfs_growfs, resize2fs and growpart do is seen by statfs.
import { statfsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { diskFull } from "../../../runbooks/host/disk-full.ts";
import * as host from "../../../src/connectors/host/actions.ts";
import { hostBench, NOBODY } from "../../helpers/host-bench.ts";
import { EXT4, volume, whyNoExt4, whyNoVolume, whyNoXfs, XFS } from "../../helpers/volume.ts";
import { benchOf, cleanups, endAll, MIB } from "./disk-bench.ts";

afterEach(endAll);

function full(...asked: Parameters<typeof volume>) {
  const made = volume(...asked);
  cleanups.push(made.stop);
  const size = () => statfsSync(made.path).blocks * statfsSync(made.path).bsize;
  const { bavail, bsize } = statfsSync(made.path);
  writeFileSync(join(made.path, "orders"), Buffer.alloc(Math.floor(bavail * bsize * 0.95)));
  return {
    ...made,
    size,
    bench: benchOf({ mounts: [made.path], grow: { mounts: [made.path] } }, { patienceMs: 1 }),
  };
}

const noXfs = whyNoXfs();
describe.skipIf(noXfs !== undefined)(`growing (skipped: ${noXfs ?? "no"})`, () => {
  it("takes the room of a volume that was enlarged, while it is in use; one without room is not offered (trap resize2fs)", async () => {
    const { path, device, size, enlarge, bench } = full(320, XFS);
    const none = await bench.diagnose(diskFull);
    expect(none.finding(`disk-full:${path}`).remedies).not.toContain("grow");
    expect((await bench.preview(host.growFileSystem({ path }))).refused).toContain("has no room left");
    const before = size();
    enlarge(640);
    const diagnosis = await bench.diagnose(diskFull);
    const finding = diagnosis.finding(`disk-full:${path}`);
    expect(finding.because).toContain(
      `Its volume ${device} has 320 MiB that the file system does not use yet.`,
    );
    expect(finding.remedies).toContain("grow");
    const applied = await diagnosis.apply("grow");
    expect(applied.previews[0]?.changes[0]).toMatch(/xfs on .* grows from 320 MiB to 640 MiB.*snapshot/);
    expect(applied.holds).toBe(true);
    expect(size()).toBeGreaterThan(before + 300 * MIB);
    expect((await bench.diagnose(diskFull)).findings).toEqual([]);
  });

  it("too little room: it is grown, and said not to be repaired", async () => {
    const { enlarge, bench, size } = full(320, XFS);
    const before = size();
    enlarge(340);
    const applied = await (await bench.diagnose(diskFull)).apply("grow");
    expect(size()).toBeGreaterThan(before);
    expect(applied.holds).toBe(false);
  });

  it("what diagbot.yaml does not name, what is not mounted, other types, and whoever may not: nothing is done", async () => {
    const { path, enlarge, size } = full(320, XFS);
    enlarge(400);
    const before = size();
    const other = benchOf({ mounts: [path], grow: { mounts: ["/dev/shm", "/no/such"] } });
    const why = async (at: string) => (await other.preview(host.growFileSystem({ path: at }))).refused;
    expect(await why(path)).toContain("not among `grow.mounts`");
    expect(await why("/no/such")).toContain("nothing is mounted");
    expect(await why("/dev/shm")).toContain("only ext2 to ext4 and xfs");
    for (const bench of [benchOf({}), hostBench(NOBODY, { grow: { mounts: [path] } })]) {
      cleanups.push(() => bench.close());
      await expect(bench.call(host.growFileSystem({ path }))).rejects.toMatchObject({
        code: "target_refused",
      });
    }
    expect(size()).toBe(before);
  });
});

const noPartition = whyNoXfs("sfdisk", "growpart", "partx");
it.skipIf(noPartition !== undefined)(
  `a partition grows before its file system (skipped: ${noPartition ?? "no"})`,
  async () => {
    const { enlarge, bench, device, size } = full(320, XFS, true);
    const before = size();
    enlarge(640);
    const applied = await (await bench.diagnose(diskFull)).apply("grow");
    expect(applied.previews[0]?.changes[0]).toContain(`the partition ${device} takes the`);
    expect(applied.holds).toBe(true);
    expect(size()).toBeGreaterThan(before + 300 * MIB);
  },
);

const noRead = whyNoVolume("mkfs.ext4", "dumpe2fs");
it.skipIf(noRead !== undefined)(
  `an ext4 says itself what it has of its volume (skipped: ${noRead ?? "no"})`,
  async () => {
    const { path, enlarge, bench } = full(64, EXT4);
    expect((await bench.preview(host.growFileSystem({ path }))).refused).toContain("has no room left");
    enlarge(160);
    expect((await bench.preview(host.growFileSystem({ path }))).changes[0]).toContain(
      "from 64.0 MiB to 160 MiB",
    );
  },
);

const noExt4 = whyNoExt4();
it.skipIf(noExt4 !== undefined)(`ext4 is grown by its own tool (skipped: ${noExt4 ?? "no"})`, async () => {
  const { enlarge, bench } = full(64, EXT4);
  enlarge(160);
  expect((await (await bench.diagnose(diskFull)).apply("grow")).holds).toBe(true);
});
