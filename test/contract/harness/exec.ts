import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { exec } from "../../../src/sdk/index.ts";
import { declaredIn } from "../../helpers/declared.ts";
import { startSshd, whyNoSshd } from "../../helpers/host.ts";
import { makeScripts } from "../../helpers/scripts.ts";
import type { Harness } from "../harness.ts";
import { mute, nowhere } from "../servers.ts";

/** Scripts of our own behind a real sshd. */
export const harness: Harness = {
  missing: whyNoSshd(),
  start: async () => {
    const server = await startSshd();
    const scripts = makeScripts();
    const silent = await mute();
    const free = await nowhere();
    const user = server.ssh.split("@")[0];
    // The other ports are believed to be the same machine.
    const key = readFileSync(server.knownHosts, "utf8").trim().split(" ").slice(1).join(" ");
    const knownHosts = join(scripts.folder, "known_hosts");
    writeFileSync(
      knownHosts,
      [server.port, silent.port, free].map((port) => `[127.0.0.1]:${port} ${key}\n`).join(""),
    );
    const stranger = join(scripts.folder, "stranger");
    execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", stranger]);
    const names = join(scripts.folder, "names");
    const commands = {
      ...scripts.commands,
      names: {
        title: "Names of others",
        argv: [scripts.program("names", `#!/bin/sh\ncat '${names}'\n`)],
        output: "text",
      },
      flood: { title: "Far too much", argv: [scripts.program("flood", "#!/bin/sh\nexec yes\n")] },
    };
    const at = (port = server.port, identity = server.identity) => ({
      ssh: `${user}@127.0.0.1:${port}`,
      identity,
      knownHosts,
      commands,
    });
    const status = exec.ask({ command: "queue-status", params: { queue: "mails" } });
    const declared = declaredIn(exec.kind, at(), "queue-set");
    return {
      settings: at(),
      read: status,
      secrets: [readFileSync(server.identity, "utf8").split("\n")[2] ?? ""],
      failures: {
        unreachable: { settings: at(free), code: "target_unreachable" },
        denied: { settings: at(server.port, stranger), code: "target_auth" },
        "no such command": { call: exec.ask({ command: "rm" }), code: "bad_parameter" },
        "no such parameter": {
          call: exec.ask({ command: "queue-status", params: { queue: "a", more: 1 } }),
          code: "bad_parameter",
        },
        "a word that is an option": {
          call: exec.ask({ command: "queue-status", params: { queue: "--all" } }),
          code: "bad_parameter",
        },
      },
      hang: { settings: at(silent.port), begun: silent.connected },
      flood: (_open, _context, run) => run(exec.ask({ command: "flood" })),
      foreign: (name, run) => {
        writeFileSync(names, name);
        return run(exec.ask({ command: "names" }));
      },
      writes: {
        "exec.run": {
          prepare: async () => {
            scripts.set({ paused: "no", waiting: 3 });
            return exec.run({ command: "queue-set", params: { queue: "mails", paused: "yes" }, declared });
          },
          spoil: async () => scripts.set({ waiting: 800 }),
        },
      },
      stop: async () => {
        await silent.close();
        await server.stop();
        scripts.stop();
      },
    };
  },
};
