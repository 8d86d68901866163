import { expect, it } from "vitest";
import { unsynchronisedFinding } from "../../../runbooks/host/clocks.ts";
import { kernelWords } from "../../../runbooks/host/kernel-words.ts";

const LINES = [
  "[10.1] EXT4-fs (sda1): mounted filesystem",
  "[90.2] I/O error, dev sda, sector 5 op 0x0:(READ)",
  "[91.0] EXT4-fs (sda1): Remounting filesystem read-only",
  "[95.0] I/O error, dev sdb, sector 9",
];

it("what the kernel's log has of a device is its, and its disk's, and no other's", () => {
  expect(kernelWords("/dev/sda1", { lines: LINES }).words).toContain("Remounting filesystem read-only");
  const { words, evidence } = kernelWords("/dev/sdb1", { lines: LINES });
  expect(words).toContain("dev sdb, sector 9");
  expect(JSON.stringify(evidence)).not.toContain("sda");
  expect(kernelWords("/dev/sdc1", { lines: LINES }).words).toContain("has no error of it");
  // Not readable is not clean.
  const notSeen = [{ what: "the kernel's log", why: "closed" }];
  expect(kernelWords("/dev/sdc1", { lines: [], notSeen }).words).toBe("");
  expect(kernelWords("/dev/sdc1", undefined).words).toBe("");
});

const clock = (clocksource: string, by: "kernel" | "chrony" = "kernel") => ({
  ...{ synchronised: false, by, offsetSeconds: null, source: "", maxErrorSeconds: 16, clocksource },
  ours: { low: 0, high: 0 },
});
const near = [{ with: "the Postgres server", low: -0.01, high: 0.01 }];
const far = [{ with: "the Postgres server", low: 40, high: 41 }];

it("a guest whose clock is right may be kept so from outside: a note; off, or with a service that fails, it is more", () => {
  expect(unsynchronisedFinding(clock("kvm-clock"), near, 0.5, [])?.severity).toBe("info");
  expect(unsynchronisedFinding(clock("kvm-clock"), far, 0.5, [])?.severity).toBe("warning");
  expect(unsynchronisedFinding(clock("kvm-clock", "chrony"), near, 0.5, [])?.severity).toBe("warning");
  expect(unsynchronisedFinding(clock("tsc"), near, 0.5, [])?.severity).toBe("warning");
});
