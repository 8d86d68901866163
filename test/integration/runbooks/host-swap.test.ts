// Real swap files on file systems of our own; other swap of this machine is whatever it is.
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { hostSwap } from "../../../runbooks/host/host-swap.ts";
import * as host from "../../../src/connectors/host/actions.ts";
import { smallDisk, whyNoDisk, workFolder } from "../../helpers/host.ts";
import { hostBench, minimalMachine, NOBODY, processes, whyNoMinimal } from "../../helpers/host-bench.ts";
import { whyNoSwap } from "../../helpers/swap.ts";

const skip = whyNoDisk("mkfs.ext4") ?? whyNoSwap();
const { run, end } = processes();
const space = processes();
afterEach(end);
const ids = ({ findings }: { findings: readonly { id: string }[] }) => findings.map(({ id }) => id);

describe.skipIf(skip !== undefined)(`swap files (skipped: ${skip ?? "no"})`, () => {
  let disk: ReturnType<typeof smallDisk>;
  let path = "";
  let fstab = "";
  /** Words before a command that make it see another /etc/fstab than the machine's: one mount namespace for all. */
  let within: readonly string[] = [];
  const areas = () =>
    execFileSync("nsenter", [...within.slice(1), "cat", "/proc/swaps"], { encoding: "utf8" });
  beforeAll(async () => {
    disk = smallDisk(256, ["mkfs.ext4", "-q", "-F"]);
    path = join(disk.path, "swapfile");
    fstab = join(workFolder(), "fstab");
    writeFileSync(fstab, "# none\n");
    const mount = 'mount --bind "$0" /etc/fstab && echo x && exec sleep 3600';
    const { pid } = await space.run(["unshare", "--mount", "sh", "-c", mount, fstab]);
    within = ["nsenter", "-t", String(pid), "-m"];
  });
  afterEach(() => {
    spawnSync("swapoff", [path], { stdio: "ignore" });
    rmSync(path, { force: true });
    writeFileSync(fstab, "# none\n");
  });
  afterAll(async () => {
    await space.end();
    disk.stop();
    rmSync(join(fstab, ".."), { recursive: true, force: true });
  });
  const benchAt = (at = path, prefix: readonly string[] = []) =>
    hostBench([...within, ...prefix], { swapFile: { path: at } });
  const diagnose = async (params: Record<string, unknown>, at?: string, prefix?: readonly string[]) => {
    const bench = benchAt(at, prefix);
    return { ...(await bench.diagnose(hostSwap, params)), bench };
  };
  const refusal = async (at: string, mib = 64): Promise<string> => {
    const bench = benchAt(at);
    const { refused = "" } = await bench.preview(host.addSwapFile({ path: at, mib }));
    await bench.close();
    return refused;
  };

  it("made and used once, kept from others, taken back whole (trap swapfile)", async () => {
    const before = areas();
    const diagnosis = await diagnose({ mib: 64 });
    expect(diagnosis.finding("asked-to-add").remedies).toEqual(["add"]);
    const applied = await diagnosis.apply("add");
    expect(applied.previews[0]?.changes[0]).toMatch(/64\.0 MiB, only root reads it.*not in \/etc\/fstab/);
    expect(applied.holds).toBe(true);
    expect(areas()).toContain(path);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    // Twice is once: it is in use already.
    const again = await diagnosis.bench.preview(host.addSwapFile({ path, mib: 64 }));
    expect(again.nothingToDo).toContain("in use already");
    await applied.undo();
    expect(areas()).toBe(before);
    expect(existsSync(path)).toBe(false);
    await diagnosis.bench.close();
  });

  it("never over a file that is there, on a file system that is not meant for it, or where too little is left", async () => {
    writeFileSync(path, "somebody's");
    expect(await refusal(path)).toContain("is there already");
    expect(readFileSync(path, "utf8")).toBe("somebody's");
    rmSync(path);
    expect(await refusal(path, 200)).toContain("must leave as much again");
    expect(await refusal("/dev/shm/diagbot-swapfile")).toContain("on tmpfs");
    const bench = hostBench();
    const undeclared = await bench.preview(host.addSwapFile({ path, mib: 64 }));
    expect(undeclared.refused).toContain("`swapFile:` is not set");
    await bench.close();
  });

  it("what swapon does not take is removed again, and nothing was done", async () => {
    const bin = join(disk.path, "bin");
    mkdirSync(bin, { recursive: true });
    // mkswap that makes no swap: swapon refuses, as it does a file with holes.
    writeFileSync(join(bin, "mkswap"), "#!/bin/sh\nexit 0\n", { mode: 0o755 });
    const bench = benchAt(path, ["env", `PATH=${bin}:${process.env.PATH}`]);
    await expect(bench.call(host.addSwapFile({ path, mib: 64 }))).rejects.toMatchObject({
      code: "target_refused",
    });
    expect(existsSync(path)).toBe(false);
    await bench.close();
    rmSync(bin, { recursive: true });
  });

  it("in use and named nowhere: gone after a restart; the file is not removed while fstab names it", async () => {
    const bench = benchAt();
    await bench.call(host.addSwapFile({ path, mib: 64 }));
    const { finding, advice } = await bench.diagnose(hostSwap, {});
    expect(finding("swap-not-kept")).toMatchObject({ severity: "info", remedies: ["keep", "remove"] });
    const [, command = ""] = /^[^`]*`([^`]+)`/.exec(advice("keep")) ?? [];
    // The line that is told makes it kept; told twice it stands there once.
    for (let n = 0; n < 2; n++)
      execFileSync("sh", ["-c", command.replaceAll("/etc/fstab", fstab).replace("sudo ", "")]);
    expect(readFileSync(fstab, "utf8").match(/swapfile/g)).toHaveLength(1);
    expect(ids(await bench.diagnose(hostSwap, {}))).not.toContain("swap-not-kept");
    const { refused } = await bench.preview(host.removeSwapFile({ path, mib: 64 }));
    expect(refused).toContain("take the line out first");
    await bench.close();
  });

  it("fstab names one that is not in use; one with noauto is meant to be so", async () => {
    writeFileSync(fstab, `/no/swap.img none swap sw 0 0\n/other.img none swap sw,noauto 0 0\n`);
    const { finding, advice, bench } = await diagnose({});
    expect(finding("swap-missing").title).toBe("/etc/fstab names /no/swap.img as swap, and it is not in use");
    expect(advice("enable")).toContain("sudo swapon /no/swap.img");
    writeFileSync(fstab, `/other.img none swap sw,noauto 0 0\n`);
    expect(ids(await bench.diagnose(hostSwap, {}))).not.toContain("swap-missing");
    await bench.close();
  });

  it("pages that were put away and nobody asks for are no fault, however many", async () => {
    const bench = benchAt();
    await bench.call(host.addSwapFile({ path, mib: 64 }));
    const held = await filled(path);
    const seen = await bench.call(host.swap());
    const area = seen.areas.find((one) => one.path === path);
    expect(area?.used).toBeGreaterThan(8 * 1_048_576);
    expect(ids(await bench.diagnose(hostSwap, {}))).toEqual(["swap-not-kept"]);
    // They come back when it is switched off, where memory has room.
    const back = await bench.preview(host.removeSwapFile({ path, mib: 64 }));
    expect(back.changes[0]).toMatch(/MiB come back into memory/);
    await bench.call(host.removeSwapFile({ path, mib: 64 }));
    expect(existsSync(path)).toBe(false);
    expect(held.exitCode).toBeNull();
    await bench.close();
  });

  it("whoever may not, is refused and nothing is left", async () => {
    const bench = benchAt(path, NOBODY);
    await expect(bench.call(host.addSwapFile({ path, mib: 64 }))).rejects.toMatchObject({
      code: "target_refused",
    });
    expect(existsSync(path)).toBe(false);
    await bench.close();
  });

  it.skipIf(whyNoMinimal() !== undefined)("seen with busybox alone", async () => {
    const machine = minimalMachine();
    const bench = hostBench(machine.prefix);
    try {
      const seen = await bench.call(host.swap());
      expect(seen.memoryTotal).toBeGreaterThan(0);
      expect(seen.notSeen?.[0]?.what).toContain("after a restart");
    } finally {
      await bench.close();
      machine.stop();
    }
  });

  /** A process most of whose memory lies in swap: the kernel is asked to put it there (MADV_PAGEOUT), and it is never asked for again. */
  async function filled(area: string) {
    const source = `import ctypes, mmap, time
m = mmap.mmap(-1, 24 << 20); m.write(bytes(range(256)) * (24 << 12))
libc = ctypes.CDLL(None, use_errno=True)
at = ctypes.addressof(ctypes.c_char.from_buffer(m))
libc.madvise(ctypes.c_void_p(at), ctypes.c_size_t(24 << 20), 21)
print("x", flush=True); time.sleep(3600)`;
    const child = await run(["python3", "-c", source]);
    expect(areas()).toContain(area);
    return child;
  }
});
