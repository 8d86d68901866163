import { execFileSync } from "node:child_process";
import { appendFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { nginx } from "../../../src/sdk/index.ts";
import { startSshd, whyNoSshd } from "../../helpers/host.ts";
import { makeNginx, whyNoNginx } from "../../helpers/nginx-server.ts";
import { until } from "../../helpers/until.ts";
import type { Harness } from "../harness.ts";
import { mute, nowhere } from "../servers.ts";

/** A real nginx behind a real sshd. */
export const harness: Harness = {
  missing: whyNoNginx() ?? whyNoSshd(),
  start: async () => {
    const server = await startSshd();
    const web = await makeNginx();
    const silent = await mute();
    const free = await nowhere();
    const user = server.ssh.split("@")[0];
    // The other ports are believed to be the same machine.
    const key = readFileSync(server.knownHosts, "utf8").trim().split(" ").slice(1).join(" ");
    const knownHosts = join(web.folder, "known_hosts");
    writeFileSync(
      knownHosts,
      [server.port, silent.port, free].map((port) => `[127.0.0.1]:${port} ${key}\n`).join(""),
    );
    const stranger = join(web.folder, "stranger");
    execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", stranger]);
    const at = (port = server.port, identity = server.identity) => ({
      ssh: `${user}@127.0.0.1:${port}`,
      ...{ identity, knownHosts, config: web.config },
    });
    const log = join(web.folder, "error.log");
    const stamp = () => new Date().toISOString().slice(0, 19).replaceAll("-", "/").replace("T", " ");
    const serving = `server { listen 127.0.0.1:${web.port}; return 204; }`;
    web.write(serving, 600);
    await web.start();
    return {
      settings: at(),
      read: nginx.processes(),
      secrets: [readFileSync(server.identity, "utf8").split("\n")[2] ?? ""],
      failures: {
        unreachable: { settings: at(free), code: "target_unreachable" },
        denied: { settings: at(server.port, stranger), code: "target_auth" },
        "no such program": { settings: { ...at(), binary: "/no/such/nginx" }, code: "target_error" },
      },
      hang: { settings: at(silent.port), begun: silent.connected },
      flood: async (_open, _context, run) => {
        writeFileSync(log, `${stamp()} [error] 7#7: *1 ${"x".repeat(900)}\n`.repeat(20_000));
        return run(nginx.logs()).finally(() => writeFileSync(log, ""));
      },
      foreign: (name, run) => {
        appendFileSync(log, `${stamp()} [error] 7#7: *1 ${name.replaceAll("\n", " ")}\n`);
        return run(nginx.logs()).finally(() => writeFileSync(log, ""));
      },
      writes: {
        "nginx.reload": {
          prepare: async () => {
            web.write(serving, 600);
            await web.reload();
            await until(async () => (await web.get("/")) === 204);
            const now = await generation(web.folder);
            return nginx.reload(now);
          },
          spoil: async () => web.write("server { listn 1; }"),
        },
      },
      stop: async () => {
        await silent.close();
        await server.stop();
        await web.stop();
      },
    };
  },
};

/** Of the master in its file, and its only worker. */
async function generation(folder: string): Promise<{ master: number; generation: number }> {
  const master = Number(readFileSync(join(folder, "nginx.pid"), "utf8"));
  const ticks = (pid: string) =>
    Number(
      readFileSync(`/proc/${pid}/stat`, "utf8")
        .replace(/^.*\) /s, "")
        .split(" ")[19],
    );
  const workers = () =>
    readFileSync(`/proc/${master}/task/${master}/children`, "utf8").split(" ").filter(Boolean);
  await until(() => workers().length === 1);
  return { master, generation: ticks(workers()[0] ?? "") };
}
