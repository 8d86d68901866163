import { endProcess, nodeProcess } from "../../../helpers/host.ts";
import type { Keep } from "../../words.ts";
import { scenario } from "../../words.ts";

const MIB = 1024 * 1024;
const BUDGET = 256 * MIB;
/** Stands in the command line of the process, and in no other. */
const MARK = "lab-invoice-worker";

export const processOverBudget = scenario({
  id: "host/process-over-budget",
  items: [
    "resync.high-memory",
    "tektra.high-memory",
    "sergas-accounts.high-memory",
    "sergas-accounts.crash-memory-leak",
  ],
  needs: ["machine"],
  situation: "a worker keeps everything it renders and has grown over what it may hold",
  twin: "the same worker within its budget",
  alert: { name: "HighMemoryUsage", severity: "warning", summary: "Memory use is high" },
  expect: {
    ...{ first: `process-over-budget:${MARK}`, remedy: "endOverBudget", apply: true },
    // Of this machine's containers, too: docker/killed-for-memory has one killed.
    elsewhere: ["oom-kills"],
  },
  place: () => {
    let worker: Awaited<ReturnType<typeof nodeProcess>> | undefined;
    const hold = async (mebibytes: number, keep: Keep): Promise<void> => {
      const child = await nodeProcess(
        `/* ${MARK} */ const held = Buffer.alloc(${mebibytes * MIB}, 1); console.log(held.length); setInterval(() => held, 1000);`,
      );
      worker = child;
      keep(() => endProcess(child));
    };
    return {
      connections: { machine: { kind: "host", local: true, processes: [{ match: MARK, bytes: BUDGET }] } },
      // The machine may really be short of memory meanwhile: that is another matter.
      thresholds: { memory: 0.99 },
      break: (keep) => hold(400, keep),
      gone: async () => worker?.exitCode !== null || worker.signalCode !== null,
      twin: (keep) => hold(20, keep),
    };
  },
});
