import { chmodSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { workFolder } from "../../../helpers/host.ts";
import { scenario } from "../../words.ts";

/** What it says for each of the queries, and its exit code. */
interface Says {
  readonly basic: string;
  readonly more?: string;
  readonly apps?: string;
  readonly code?: number;
}

const FINE: Says = {
  basic:
    "0, GPU-0, NVIDIA A100-SXM4-80GB, 535.54.03, 00000000:07:00.0, 100, 40000, 81920, 61, 398.10, 400.00, Enabled",
  more: "GPU-0, Disabled, Not Active, Not Active, Not Active, Not Active, 0, No",
  apps: "GPU-0, 999999, 39500, python3",
};
const BROKEN: Says = {
  basic: "Failed to initialize NVML: Driver/library version mismatch\nNVML library version: 570.124",
  code: 18,
};

export const gpuDriver = scenario({
  id: "host/gpu-driver",
  items: ["tektra.gpu-failure"],
  needs: ["gpu"],
  situation: "the driver's library was upgraded under the module that is loaded: no program gets at the GPU",
  twin: "a GPU that is busy at 100 % at its own power limit",
  alert: { name: "GPUDown", severity: "critical", summary: "The GPU cannot be used" },
  expect: { first: "driver-mismatch", remedy: "matchDriver" },
  place: (_parts, keep) => {
    const folder = workFolder();
    keep(() => rmSync(folder, { recursive: true, force: true }));
    const nvidiaSmi = join(folder, "nvidia-smi");
    const says = ({ basic, more = "", apps = "", code = 0 }: Says): void => {
      const say = (text: string) => `cat <<'END'\n${text}\nEND\n`;
      writeFileSync(
        nvidiaSmi,
        `#!/bin/sh\ncase "$1" in\n*compute-apps*)\n${say(apps)};;\n*mig.mode*)\n${say(more)};;\n*)\n${say(basic)};;\nesac\nexit ${code}\n`,
      );
      chmodSync(nvidiaSmi, 0o755);
    };
    says(FINE);
    return {
      connections: { machine: { kind: "host", local: true, nvidiaSmi } },
      break: async () => says(BROKEN),
      twin: async () => says(FINE),
    };
  },
});
