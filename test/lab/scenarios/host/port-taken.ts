import { rmSync, symlinkSync } from "node:fs";
import { basename, join } from "node:path";
import { endProcess, nodeProcess, workFolder } from "../../../helpers/host.ts";
import { freePort } from "../../../helpers/ports.ts";
import type { Keep } from "../../words.ts";
import { scenario } from "../../words.ts";

export const portTaken = scenario({
  id: "host/port-taken",
  items: ["tektra.startup-port-conflict"],
  needs: ["machine"],
  situation: "a process that nobody looks after has the port the service wants",
  twin: "the service itself has the port",
  alert: { name: "PortAlreadyInUse", severity: "critical", summary: "The port of tektra is in use" },
  expect: { first: "taken:*", remedy: "freePort", apply: true },
  place: async (_parts, keep) => {
    const port = await freePort();
    const folder = workFolder();
    keep(() => rmSync(folder, { recursive: true, force: true }));
    const stranger = join(folder, "old-release");
    symlinkSync(process.execPath, stranger);
    let holder: Awaited<ReturnType<typeof nodeProcess>> | undefined;
    const hold = async (program: string, undo: Keep): Promise<void> => {
      const child = await nodeProcess(
        `require("net").createServer(() => {}).listen(${port}, "127.0.0.1", () => console.log(1))`,
        program,
      );
      holder = child;
      undo(() => endProcess(child));
    };
    return {
      connections: { machine: { kind: "host", local: true } },
      // The service is a program of this name.
      labels: { port: String(port), name: basename(process.execPath) },
      break: (undo) => hold(stranger, undo),
      gone: async () => holder?.exitCode !== null || holder.signalCode !== null,
      twin: (undo) => hold(process.execPath, undo),
    };
  },
});
