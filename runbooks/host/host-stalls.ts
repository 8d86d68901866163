import { host, runbookOn, shellWord, z } from "../../src/sdk/index.ts";
import { heldBackFinding } from "./memory-groups.ts";
import { PRESSURE_ADVICE, poolFindings, pressureFindings, throttleFinding } from "./pressures.ts";
import { STUCK_ADVICE, stuckFindings } from "./stuck.ts";

/** What makes a machine wait though it is not out of anything. */
const book = runbookOn(
  "host",
  {
    id: "host-stalls",
    title: "What a machine waits for",
    covers: ["tektra.cpu-optimization", "tektra.performance"],
    alerts: [
      "HostProcessesBlocked",
      "NodeProcessesBlocked",
      "HungTasks",
      "HostCpuHighIowait",
      "NodeSystemSaturation",
      "NodeDiskIOSaturation",
      "CPUThrottlingHigh",
      "HostUnusualDiskIo",
      "HostUnusualDiskReadLatency",
      "HostUnusualDiskWriteLatency",
    ],
    params: z.object({}),
  },
  () => ({ stuck: host.stuck(), stalls: host.stalls(), groups: host.memoryGroups() }),
);

export const hostStalls = book
  .remedies({
    reachServer: book.advises("Reach the server, or let the mount go", "high", ({ stuck }) => {
      const one = stuck?.network.find(({ server }) => server !== null);
      const server = one?.server ?? "SERVER";
      const path = one?.path ?? "MOUNT";
      return `From this machine: \`ping -c 3 ${shellWord(server)}\`, for NFS \`rpcinfo -t ${shellWord(server)} nfs\` and \`nc -zv ${shellWord(server)} 2049\`, for SMB \`nc -zv ${shellWord(server)} 445\`. When the server answers again, what waits goes on by itself. If it will not come back: \`umount -f ${shellWord(path)}\`, or \`umount -l ${shellWord(path)}\` (new requests fail, what waits is ended by SIGKILL). Restarting what waits does not help while the mount is dead.`;
    }),
    restartFuse: book.advises("Restart the program behind the mount", "high", ({ stuck }) => {
      const one = stuck?.network.find(({ type }) => type.startsWith("fuse."));
      const path = one?.path ?? "MOUNT";
      return `Find it (\`ps -ef | grep -i fuse\`; a unit of systemd: \`systemctl status\`) and what it waits for itself, often a server. To let go of what waits: \`umount -f ${shellWord(path)}\` or \`fusermount -uz ${shellWord(path)}\`, then mount it anew; requests under way fail.`;
    }),
    findDisk: book.advises(...STUCK_ADVICE.findDisk),
    findMemory: book.advises(...STUCK_ADVICE.findMemory),
    thaw: book.advises(...STUCK_ADVICE.thaw),
    lessCpu: book.advises(...PRESSURE_ADVICE.lessCpu),
    findIo: book.advises(...PRESSURE_ADVICE.findIo),
    lessMemory: book.advises(...PRESSURE_ADVICE.lessMemory),
    raiseQuota: book.advises(...PRESSURE_ADVICE.raiseQuota),
    growPool: book.advises(...PRESSURE_ADVICE.growPool),
    raiseHigh: book.advises(
      "Raise memory.high, or let it hold less",
      "high",
      "See what it holds (`systemctl status UNIT`, `docker stats`); then `systemctl set-property --runtime UNIT MemoryHigh=SIZE` (and MemoryMax above it), in Kubernetes the container's memory limit. A program that fills whatever it gets leaks.",
    ),
    findHolder: book.advises(...STUCK_ADVICE.findHolder),
  })
  .findings((find) => [
    find(["stalls"], ({ stalls }) => poolFindings(stalls)),
    find(["stuck"], ({ stuck }) => stuckFindings(stuck)),
    find(["stalls"], ({ stalls }) => throttleFinding(stalls)),
    find(["groups"], ({ groups: { groups } }) => heldBackFinding(groups)),
    find(["stalls"], ({ stalls }) => pressureFindings(stalls)),
  ]);
