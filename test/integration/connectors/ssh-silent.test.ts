// A server that takes the connection and then answers nothing: emulated with ssh2's own server, since sshd cannot be told to.
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import ssh2 from "ssh2";
import { afterAll, beforeAll, expect, it } from "vitest";
import { z } from "zod";
import { MACHINE } from "../../../src/connectors/machine/settings.ts";
import { sshMachine } from "../../../src/connectors/machine/ssh.ts";
import { workFolder } from "../../helpers/host.ts";
import { freePort } from "../../helpers/ports.ts";

const folder = workFolder();
const host = ssh2.utils.generateKeyPairSync("ed25519");
const user = ssh2.utils.generateKeyPairSync("ed25519");
let port: number;
let server: ssh2.Server;
let connections = 0;
/** Connections that get an answer: from this one on. */
let answers = 2;

beforeAll(async () => {
  port = await freePort();
  writeFileSync(join(folder, "identity"), user.private, { mode: 0o600 });
  writeFileSync(join(folder, "known_hosts"), `[127.0.0.1]:${port} ${host.public}\n`);
  server = new ssh2.Server({ hostKeys: [host.private] }, (client) => {
    connections += 1;
    const which = connections;
    client.on("error", () => {});
    client.on("authentication", (context) => context.accept());
    client.on("session", (accept) => {
      // No channel is opened: the question stays open.
      if (which < answers) return;
      accept().on("exec", (take) => {
        const channel = take();
        channel.write("hello\n");
        channel.exit(0);
        channel.end();
      });
    });
  });
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
});
afterAll(() => {
  server.close();
  rmSync(folder, { recursive: true, force: true });
});

const settings = () =>
  z.object(MACHINE).parse({
    ssh: `ops@127.0.0.1:${port}`,
    identity: join(folder, "identity"),
    knownHosts: join(folder, "known_hosts"),
  });

it("a connection that answers nothing is given up, and the next command has a new one", async () => {
  const machine = sshMachine(settings());
  const signal = new AbortController().signal;
  const run = (timeoutMs: number) => machine.run(["true"], { signal, timeoutMs, maxBytes: 1_000 });
  // More than may run at once: none of them keeps its place after its time.
  for (let n = 0; n < 3; n++) await expect(run(300)).rejects.toMatchObject({ code: "timeout" });
  expect(await run(20_000)).toMatchObject({ code: 0, stdout: "hello\n" });
  expect(connections).toBe(2);
  await machine.close();
});

it("commands that are given up before they began leave their places to others", async () => {
  answers = Number.POSITIVE_INFINITY;
  const machine = sshMachine(settings());
  const signal = new AbortController().signal;
  const run = () => machine.run(["true"], { signal, timeoutMs: 300, maxBytes: 1_000 });
  const first = await Promise.allSettled(Array.from({ length: 8 }, run));
  expect(first.every(({ status }) => status === "rejected")).toBe(true);
  answers = 0;
  expect(await machine.run(["true"], { signal, timeoutMs: 20_000, maxBytes: 1_000 })).toMatchObject({
    code: 0,
  });
  await machine.close();
});
