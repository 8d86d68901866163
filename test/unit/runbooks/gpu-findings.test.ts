import { expect, it } from "vitest";
import { aboutDriver, aboutMemory, aboutXids, type Seen } from "../../../runbooks/host/gpu-findings.ts";

const seen = (more: Partial<Seen>): Seen => ({
  ...{ onBus: 1, module: "570.172", failure: null, said: "", gpus: [], apps: [], xids: [] },
  ...more,
});
const said = (text: string) => aboutDriver(seen({ failure: "other", said: text }));

it("a container that lost its devices is no driver that fails; other words are said as they are", () => {
  const lost = said("Failed to initialize NVML: Unknown Error");
  expect(lost?.title).toMatch(/may not open the GPU's devices/);
  expect(lost?.remedies).toEqual(["giveDevices", "readDriver"]);
  expect(said("Failed to initialize NVML: Insufficient Power")?.remedies).toEqual(["readDriver"]);
});

it("memory that failed is no fault of the program it ended", () => {
  const xid = (code: number) =>
    aboutXids(seen({ xids: [{ code, device: "0", count: 1, lastAt: 1, text: "" }] }), 24)[0];
  expect(xid(94)?.remedies).toEqual(["resetGpu"]);
  expect(xid(94)?.because).not.toMatch(/fault of the program/);
  expect(xid(31)?.remedies).toEqual(["readProgram"]);
});

it("counts the processes that share a GPU", () => {
  const gpu = {
    ...{ index: 0, uuid: "GPU-0", name: "A", driver: "1", busId: "0", utilization: 0, temperature: 30 },
    ...{ memoryUsed: 23_600, memoryTotal: 24_000, power: 1, powerLimit: 2, persistence: null, mig: false },
    ...{ slowed: [], uncorrected: 0, needsReset: false },
  };
  const app = (pid: number) => ({ gpu: "GPU-0", pid, name: "python", memory: 11_000, user: "u", group: "" });
  expect(aboutMemory(seen({ gpus: [gpu], apps: [app(1), app(2)] }))[0]?.title).toContain("by 2 processes");
});
