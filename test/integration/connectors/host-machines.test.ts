// The two ways to a machine by themselves: what may go wrong before and while a command runs there.
import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { userInfo } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import * as host from "../../../src/connectors/host/actions.ts";
import { hostConnector } from "../../../src/connectors/host/index.ts";
import { HostSettings } from "../../../src/connectors/host/settings.ts";
import { localMachine } from "../../../src/connectors/machine/local.ts";
import { sshMachine } from "../../../src/connectors/machine/ssh.ts";
import { machineTrouble } from "../../../src/connectors/machine/trouble.ts";
import { toDiagError } from "../../../src/core/words/errors.ts";
import { stepError } from "../../../src/engine/call.ts";
import { type SshServer, startSshd, whyNoSshd, workFolder } from "../../helpers/host.ts";
import { openBench } from "../../helpers/run-runbook.ts";
import { until } from "../../helpers/until.ts";

const noSshd = whyNoSshd();

describe("commands on this machine", () => {
  const limits = { signal: new AbortController().signal, timeoutMs: 5_000, maxBytes: 1_000 };

  it("are killed with all they started at the deadline", async () => {
    const folder = workFolder();
    const marker = join(folder, "alive");
    const script = `(while :; do echo x > "$1"; sleep 0.05; done) & wait`;
    const run = localMachine().run(["sh", "-c", script, "x", marker], { ...limits, timeoutMs: 300 });
    await expect(run).rejects.toMatchObject({ code: "timeout" });
    rmSync(marker, { force: true });
    const written = until(() => existsSync(marker), 400).catch(() => false);
    expect(await written).toBe(false);
    rmSync(folder, { recursive: true, force: true });
  });

  it("are stopped when they write too much, and see none of our environment", async () => {
    const much = await localMachine().run(["cat", "/dev/zero"], limits);
    expect(much).toMatchObject({ cut: true });
    expect(much.stdout).toHaveLength(1_000);
    const said = await localMachine().run(["env"], limits);
    expect(
      said.stdout
        .split("\n")
        .filter(Boolean)
        .map((line) => line.split("=")[0])
        .sort(),
    ).toEqual(["LC_ALL", "PATH"]);
  });

  it("that do not exist are an error with the errno", async () => {
    await expect(localMachine().run(["no-such-program"], limits)).rejects.toMatchObject({ detail: "ENOENT" });
  });
});

describe.skipIf(noSshd !== undefined)(`SSH (skipped: ${noSshd ?? "no"})`, () => {
  let server: SshServer;
  beforeAll(async () => {
    server = await startSshd();
  });
  afterAll(() => server?.stop());
  const load = async (changed: object) => {
    const { ssh, identity, knownHosts } = server;
    const connections = { machine: { kind: "host", ssh, identity, knownHosts, ...changed } };
    const bench = openBench({ connections, connectors: [hostConnector] });
    return bench.call(host.load()).finally(() => bench.close());
  };

  it("refuses a host whose key is unknown or another one", async () => {
    const empty = join(server.folder, "empty");
    writeFileSync(empty, "");
    await expect(load({ knownHosts: empty })).rejects.toMatchObject({
      code: "target_auth",
      hint: expect.stringContaining("ssh-keyscan"),
    });
    const wrong = join(server.folder, "wrong");
    mkdirSync(join(server.folder, "other"), { recursive: true });
    const otherKey = Buffer.concat([
      Buffer.from([0, 0, 0, 11]),
      Buffer.from("ssh-ed25519"),
      Buffer.from([0, 0, 0, 32]),
      Buffer.alloc(32, 7),
    ]);
    writeFileSync(wrong, `[127.0.0.1]:${server.port} ssh-ed25519 ${otherKey.toString("base64")}\n`);
    await expect(load({ knownHosts: wrong })).rejects.toMatchObject({
      code: "target_auth",
      detail: "host-key",
    });
  });

  it("tells credentials that are not accepted from a machine that is not there", async () => {
    await expect(load({ ssh: `nobody-of-that-name@127.0.0.1:${server.port}` })).rejects.toMatchObject({
      code: "target_auth",
    });
    await expect(load({ identity: "/no/such/key" })).rejects.toMatchObject({ code: "target_auth" });
    const known = join(server.folder, "port1");
    writeFileSync(known, `[127.0.0.1]:1 ssh-ed25519 AAAA\n`);
    const gone = load({ ssh: "ops@127.0.0.1:1", knownHosts: known });
    await expect(gone).rejects.toMatchObject({ code: "target_unreachable", detail: "ECONNREFUSED" });
  });

  it("kills what it started on the other side at the deadline", async () => {
    const { ssh, identity, knownHosts } = server;
    const machine = sshMachine(HostSettings.parse({ ssh, identity, knownHosts }));
    const marker = join(server.folder, "alive");
    const script = `(while :; do echo x > "$1"; sleep 0.05; done) & wait`;
    const limits = { signal: new AbortController().signal, timeoutMs: 600, maxBytes: 1_000 };
    await expect(machine.run(["sh", "-c", script, "x", marker], limits)).rejects.toMatchObject({
      code: "timeout",
    });
    // `timeout` on the other side gives a second or two more than we do.
    await until(async () => {
      rmSync(marker, { force: true });
      return !(await until(() => existsSync(marker), 300).catch(() => false));
    });
    await machine.close();
  });

  it.skipIf(userInfo().shell?.endsWith("/bash") !== true)(
    "says that it was let in where the account's own start-up files wait, and that these may be the reason",
    async () => {
      const { ssh, identity, knownHosts } = server;
      const machine = sshMachine(HostSettings.parse({ ssh, identity, knownHosts }));
      const run = (timeoutMs: number) =>
        machine.run(["true"], { signal: new AbortController().signal, timeoutMs, maxBytes: 1_000 });
      await run(60_000);
      const startUp = join(server.folder, "home", ".bashrc");
      writeFileSync(startUp, "exec sleep 60\n");
      try {
        const error = toDiagError(await run(5_000).catch((thrown: unknown) => thrown));
        expect(error).toMatchObject({ code: "timeout", detail: "no-word" });
        const [said] = machineTrouble({ load: { ok: false, error: stepError(error, (text) => text) } });
        expect(said?.because).toContain("took the command and wrote nothing in time: it let diagbot in");
        expect(said?.because).toContain("~/.bashrc");
      } finally {
        rmSync(startUp);
        server.breakSessions();
        await machine.close();
      }
    },
  );

  it("opens the connection again after it broke", async () => {
    const { ssh, identity, knownHosts } = server;
    const bench = openBench({
      connections: { machine: { kind: "host", ssh, identity, knownHosts } },
      connectors: [hostConnector],
    });
    await bench.call(host.load());
    const cut = bench.call(host.load());
    // A command that is running when the connection goes is an error, not a wait for the deadline.
    setImmediate(() => server.breakSessions());
    await expect(cut).rejects.toMatchObject({ code: expect.stringMatching(/^target_(error|unreachable)$/) });
    const answered = await until(() => bench.call(host.load()).catch(() => undefined));
    expect(answered.cpus).toBeGreaterThan(0);
    await bench.close();
  });
});
