import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onPath } from "./docker.ts";
import { whyNoMount } from "./host.ts";
import { processes } from "./host-bench.ts";

/** Two network namespaces with a wire between them: a machine with a firewall (HERE), and clients (THERE). */
export function firewallSpaces(name = "fw") {
  const skip =
    whyNoMount() ??
    ["ip", "nft"]
      .map((name) => (onPath(name) === undefined ? `${name} is not on the PATH` : undefined))
      .find(Boolean);
  const [HERE, THERE] = [`diagbot-${name}-${process.pid}`, `diagbot-${name}-out-${process.pid}`];
  const within = ["ip", "netns", "exec", HERE];
  const [SERVER, CLIENT, OTHER] = ["192.0.2.1", "192.0.2.2", "192.0.2.3"];
  const { run, end } = processes();
  const sh = (space: string, line: string) =>
    execFileSync("ip", ["netns", "exec", space, "sh", "-c", line], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
    });
  const nft = (text: string) =>
    execFileSync("ip", ["netns", "exec", HERE, "nft", "-f", "-"], { input: text });
  const serve = (...ports: readonly number[]) =>
    run([
      ...within,
      process.execPath,
      "-e",
      `const net = require("net"); let left = ${ports.length}; for (const port of ${JSON.stringify(ports)}) net.createServer((s) => s.on("error", () => {})).listen(port, "0.0.0.0", () => --left || console.log(1));`,
    ]);
  /** What a client of that address sees: `accept`, `drop` (nothing within a second), `reject`. */
  const sees = (port: number, from = CLIENT, to = SERVER): string => {
    const source = `const s = require("net").connect({ host: "${to}", port: ${port}, localAddress: "${from}", timeout: 1000 }); const say = (word) => { console.log(word); process.exit(); }; s.on("connect", () => say("accept")).on("timeout", () => say("drop")).on("error", (e) => say(e.code === "ECONNREFUSED" ? "reject" : e.code));`;
    return execFileSync("ip", ["netns", "exec", THERE, process.execPath, "-e", source], {
      encoding: "utf8",
    }).trim();
  };
  const start = () => {
    for (const space of [HERE, THERE]) execFileSync("ip", ["netns", "add", space]);
    execFileSync("ip", [
      "link",
      "add",
      `diagbot${name}0`,
      "netns",
      HERE,
      "type",
      "veth",
      "peer",
      "name",
      `diagbot${name}1`,
      "netns",
      THERE,
    ]);
    sh(
      HERE,
      `ip link set lo up; ip addr add ${SERVER}/24 dev diagbot${name}0; ip link set diagbot${name}0 up`,
    );
    sh(
      THERE,
      `ip addr add ${CLIENT}/24 dev diagbot${name}1; ip addr add ${OTHER}/24 dev diagbot${name}1; ip link set diagbot${name}1 up`,
    );
  };
  const stop = () => {
    for (const space of [HERE, THERE]) execFileSync("ip", ["netns", "del", space]);
  };
  return { skip, HERE, THERE, within, SERVER, CLIENT, OTHER, run, end, sh, nft, serve, sees, start, stop };
}

/** An nft that lets another program's change in between: right after the first file it is given, or the first element it deletes. */
export function betweenFiles() {
  const folder = mkdtempSync(join(tmpdir(), "diagbot-nft-"));
  const file = join(folder, "meanwhile");
  const program = `#!/bin/sh
PATH=/usr/sbin:/sbin:/usr/bin:/bin
nft "$@"; code=$?
case "$1 $2" in "-f -" | "delete element") [ -f ${file} ] && mv ${file} ${file}.now && nft -f ${file}.now ;; esac
exit $code
`;
  writeFileSync(join(folder, "nft"), program, { mode: 0o755 });
  const set = (line: string) => writeFileSync(file, `${line}\n`);
  const prefix = ["env", `PATH=${folder}:${process.env.PATH}`];
  return { prefix, set, remove: () => rmSync(folder, { recursive: true, force: true }) };
}
