import { host, runbookOn, z } from "../../src/sdk/index.ts";
import { aboutDriver, aboutMemory, aboutState, aboutXids } from "./gpu-findings.ts";

/** NVIDIA GPUs: driver, Xid errors, memory that failed or is full, heat. */
const book = runbookOn(
  "host",
  {
    id: "gpu-health",
    title: "GPUs: driver, errors, memory, heat",
    covers: [
      "tektra.gpu-failure",
      "tektra.model-insufficient-memory",
      "tektra.model-loading-failure",
      "tektra.resource-snapshot",
    ],
    alerts: [
      "GpuXidError",
      "GPUXidErrors",
      "DCGMXidError",
      "GpuMemoryFull",
      "GpuTemperatureHigh",
      "GpuEccErrors",
      "GPUDown",
      "NvidiaSmiFailed",
    ],
    params: z.object({
      hours: z.int().min(1).max(168).default(24).describe("how far back the kernel's log is read"),
    }),
  },
  ({ params: { hours } }) => ({ gpus: host.gpus({ hours }) }),
);

export const gpuHealth = book
  .remedies({
    matchDriver: book.advises(
      "Load the module that fits the library",
      "high",
      "Restart the machine once its work may end: simplest and surest. Without that: end all that uses the GPUs (`fuser -v /dev/nvidia*`), `rmmod nvidia_uvm nvidia_drm nvidia_modeset nvidia`, `modprobe nvidia`. So that it does not come by itself again: hold the driver's packages (`apt-mark hold`) or leave them out of unattended upgrades.",
    ),
    loadDriver: book.advises(
      "Get the driver loaded",
      "high",
      "`modprobe nvidia` says why not; `dkms status` whether the module was built for `uname -r`; `mokutil --sb-state` whether Secure Boot wants it signed; `lspci -nnk -d 10de:` which driver has the device (nouveau?). In a container: `--gpus`, and the NVIDIA container toolkit on the machine.",
    ),
    installTools: book.advises(
      "Install the driver's tools, or say where they are",
      "low",
      "nvidia-smi comes with the driver (Debian, Ubuntu: `nvidia-utils-N`, the version that /proc/driver/nvidia/version says; in a container the toolkit brings it with `--gpus`). Where it lies elsewhere: `nvidiaSmi:` of the connection. Without /proc/driver/nvidia the driver itself is not loaded: `modprobe nvidia` says why not.",
    ),
    letIn: book.advises(
      "Let diagbot's user ask the GPUs",
      "low",
      "`ls -l /dev/nvidia*`: mostly anybody may (0666). Where a group owns them (video, render): `usermod -aG GROUP USER`, then a new login. Set by the module's options (`NVreg_DeviceFileMode`, `NVreg_DeviceFileGID` in /etc/modprobe.d). In a container: `--gpus`.",
    ),
    giveDevices: book.advises(
      "Make the container anew, with its devices named",
      "high",
      "Begin it anew (`docker compose up -d --force-recreate`), and name the devices so that it stays: `--device /dev/nvidia0 --device /dev/nvidiactl --device /dev/nvidia-uvm`, or CDI (`--device nvidia.com/gpu=all`), or `no-cgroups = false` with the cgroupfs driver of the engine. A restart of the machine is not needed.",
    ),
    readDriver: book.advises(
      "Read what the driver says of it",
      "low",
      '`dmesg -T | grep -i -e nvrm -e nvidia`: RmInitAdapter failed (power, slot, firmware, or a card that hangs: restart the machine), a card this branch of the driver does not support (another branch, or its open modules), no memory for its windows (BAR). nvidia-smi that fails within a container only, with "Unknown Error": `systemctl daemon-reload` took its devices away; begin it anew, and name them by `--device`.',
    ),
    resetGpu: book.advises("Reset the GPU, where nobody uses it", "destructive", ({ gpus }) => {
      const users = gpus?.apps.length ?? 0;
      const mig = gpus?.gpus.some((one) => one.mig === true) === true;
      const no = users > 0 ? `Not now: ${users} of its processes are seen, and a reset ends them all. ` : "";
      return `${no}${mig ? "MIG is on: a reset takes its instances along. " : ""}Drain it first, and its neighbours on NVLink with it; then \`nvidia-smi --gpu-reset -i <index>\` with exactly one index, by two people, and never on a machine shared with others. One that has fallen off the bus comes back only by a restart of the machine, often only by taking its power away. Afterwards: no new Xid, and the model loads.`;
    }),
    findCable: book.advises(
      "Look at heat, power and the slot",
      "high",
      "`nvidia-smi -q -d TEMPERATURE,POWER,PERFORMANCE`; `dmesg | grep -i -e pcieport -e AER` for the bus. Power cables, the supply's reserve, the riser, the slot; firmware of board and card. Where it comes again on the same card after that: replace it (NVIDIA's field diagnostics for the warranty).",
    ),
    coolDown: book.advises(
      "Get the heat away",
      "low",
      "Fans, filters, air in front of and behind the machine, and the room; passive cards need the machine's own fans. Until then a lower power limit (`nvidia-smi -pl`) keeps the clock steadier than throttling does.",
    ),
    makeRoom: book.advises(
      "Make room in the GPU's memory",
      "low",
      "Whose processes they are, the table says: ask before any is ended. For what is to fit: a smaller or quantised model (8 bit takes about a quarter of 32 bit), a smaller batch or context, a bound at the server of the model (vLLM: --gpu-memory-utilization), or another GPU. A variable that is exported in a shell changes nothing of a service that runs.",
    ),
    readProgram: book.advises(
      "Read what the program says",
      "low",
      "The line names the process; its own log has the CUDA error and the place (`CUDA_LAUNCH_BLOCKING=1`, compute-sanitizer). What changed last: model, library, driver?",
    ),
  })
  .findings((find) => [
    find(["gpus"], ({ gpus }) => aboutDriver(gpus)),
    find(["gpus"], ({ gpus }, { params }) => aboutXids(gpus, params.hours)),
    find(["gpus"], ({ gpus }) => aboutState(gpus)),
    find(["gpus"], ({ gpus }) => aboutMemory(gpus)),
  ]);
