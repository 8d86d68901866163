import { describe, expect, test } from "vitest";
import { aboutState, aboutXids } from "../../../runbooks/host/gpu-findings.ts";
import { failureIn, gpusIn, xidsIn } from "../../../src/connectors/host/gpu-parsing.ts";

test("what nvidia-smi cannot do, by its own words", () => {
  expect(
    [
      // tinygrad/open-gpu-kernel-modules#47
      "Failed to initialize NVML: Driver/library version mismatch\nNVML library version: 570.124",
      // meta-llama/llama-models#200
      "Unable to determine the device handle for GPU0000:17:00.0: Unknown Error",
      // xxd3vin/workspace#19
      "Unable to determine the device handle for GPU 0000:0B:00.0: Unknown Error",
      "NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver. Make sure that the latest NVIDIA driver is installed and running.",
      "No devices were found",
      "Failed to initialize NVML: Insufficient Permissions",
      "Segmentation fault",
    ].map(failureIn),
  ).toEqual(["mismatch", "lost", "lost", "no-driver", "no-devices", "not-allowed", "other"]);
});

describe("queries", () => {
  const line =
    "0, GPU-1, NVIDIA A100-SXM4-80GB, 535.54.03, 00000000:07:00.0, 100, 79000, 81920, 61, 398.10, 400.00, Enabled";

  test("what a card does not say is not 0", () => {
    expect(
      gpusIn(
        "0, GPU-1, GeForce GT 640, 470.1, 00000000:03:00.0, [N/A], 120, 1995, 40, [Not Supported], [N/A], Disabled",
        "",
      ),
    ).toMatchObject([
      {
        utilization: null,
        power: null,
        powerLimit: null,
        persistence: false,
        uncorrected: null,
        mig: null,
        slowed: [],
      },
    ]);
    expect(gpusIn("No devices were found", "")).toEqual([]);
  });

  test("slowed down by heat, by the supply, and not at its own limit", () => {
    const of = (more: string) => gpusIn(line, `GPU-1, ${more}`)[0];
    expect(of("Disabled, Not Active, Active, Not Active, Not Active, 0, No")?.slowed).toEqual(["heat"]);
    expect(of("Disabled, Active, Not Active, Not Active, Active, 0, No")?.slowed).toEqual(["heat"]);
    expect(of("Disabled, Not Active, Not Active, Active, Active, 0, No")?.slowed).toEqual(["power-brake"]);
    expect(of("Disabled, Not Active, Not Active, Not Active, Not Active, 0, No")).toMatchObject({
      slowed: [],
      needsReset: false,
      uncorrected: 0,
    });
    expect(of("Enabled, Not Active, Not Active, Not Active, Not Active, 3, Yes")).toMatchObject({
      mig: true,
      needsReset: true,
      uncorrected: 3,
    });
  });
});

describe("rows of memory that were left out", () => {
  const line =
    "0, GPU-1, NVIDIA A100, 535.54.03, 00000000:07:00.0, 0, 79000, 81920, 61, 398.10, 400.00, Enabled";
  const found = (rows: string) => {
    const gpus = gpusIn(line, "", rows);
    const seen = { onBus: 1, module: "535", failure: null, said: "", gpus, apps: [], xids: [] };
    return aboutState(seen).map(({ id, severity }) => `${severity} ${id}`);
  };

  test("that wait for a reset, that are done, and for which no spare is left", () => {
    expect(found("GPU-1, 3, Yes, No")).toEqual(["warning memory-errors"]);
    expect(found("GPU-1, 3, 1, 0")).toEqual(["warning memory-errors"]);
    expect(found("GPU-1, 9, No, Yes")).toEqual(["critical memory-worn-out"]);
  });

  test("some that were replaced long ago are as they should be; older cards have none", () => {
    for (const rows of [
      "GPU-1, 3, No, No",
      "GPU-1, [N/A], [N/A], [N/A]",
      "",
      "ERROR: Option --query-remapped-rows",
    ])
      expect(found(rows)).toEqual([]);
  });
});

describe("Xid", () => {
  // Forms of stas00/ml-engineering (debug.md), leptonai/gpud#1209, NVIDIA/NVSentinel#155 and NVIDIA's page retirement guide.
  const LOG = [
    "1700000000.100000 web1 kernel: NVRM: Xid (PCI:0000:10:1c): 63, pid=1896, Row Remapper: New row marked for remapping, reset gpu to activate.",
    "1700000100.100000 web1 kernel: NVRM: Xid (PCI:0000:3b:00): 79, pid='<unknown>', name=<unknown>, GPU has fallen off the bus.",
    "1700000101.100000 web1 kernel: NVRM: Xid (0000:01:00): 31, Ch 0000000b, engmask 00000120, intr 10000000",
    "1700000102.100000 web1 kernel: NVRM: Xid (0000:01:00): 31, Ch 0000000b, engmask 00000120, intr 10000000",
    "1700000103.100000 web1 kernel:                NVRM: fallen off the bus and is not responding to commands.",
    "1700000104.100000 web1 kernel: mlx5_core 0000:ab:00.0 mlx5_5: Port: 1 Link INIT",
  ].join("\n");

  test("codes, devices, how often and when; of the ring by the machine's own time", () => {
    expect(xidsIn(LOG, 0, 0).map(({ code, device, count }) => [code, device, count])).toEqual([
      [63, "0000:10:1c", 1],
      [79, "0000:3b:00", 1],
      [31, "0000:01:00", 2],
      [79, "", 1],
    ]);
    expect(xidsIn(LOG, 0, 1_700_000_102).map(({ code }) => code)).toEqual([31, 79]);
    expect(
      xidsIn("[ 1843.308145] NVRM: Xid (PCI:0000:44:00): 79, GPU has fallen off the bus", 1_000, 0),
    ).toMatchObject([{ lastAt: 2843.308145 }]);
  });

  test("a fault of a program is no defect, and what is not known is said to be", () => {
    const of = (code: number) => {
      const [one] = aboutXids(
        { xids: [{ code, device: "0000:01:00", count: 2, lastAt: 1, text: "" }] } as never,
        24,
      );
      return [one?.severity, one?.remedies];
    };
    expect(of(31)).toEqual(["warning", ["readProgram"]]);
    expect(of(79)).toEqual(["critical", ["resetGpu", "findCable"]]);
    expect(of(45)).toEqual(["info", []]);
    expect(of(999)).toEqual(["critical", ["resetGpu"]]);
  });
});
