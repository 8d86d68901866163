import type { Client, ClientChannel } from "ssh2";
import { DiagError } from "../../core/words/errors.ts";
import { within } from "../../lib/deadline.ts";
import { deadlineOf, Gathered, givenUp, type Limits, type Machine, type Ran } from "./machine.ts";
import { quoteArgv } from "./quote.ts";
import type { MachineSettings } from "./settings.ts";
import { connect, parseAddress } from "./ssh-connect.ts";

/** OpenSSH's MaxSessions is 10 by default; the rest is left to people. */
const MAX_CHANNELS = 6;

/** A machine behind SSH: one connection, opened at the first command and again after it broke. */
export function sshMachine(connection: MachineSettings): Machine {
  const { username, host } = parseAddress(connection.ssh ?? "");
  const label = `${username}@${host}`;
  const turns = new Turns(MAX_CHANNELS);
  let client: Promise<Client> | undefined;
  const ready = (): Promise<Client> => {
    client ??= open();
    return client;
  };
  const open = async (): Promise<Client> => {
    try {
      const opened = await connect(connection);
      opened.once("close", () => {
        client = undefined;
      });
      return opened;
    } catch (thrown) {
      client = undefined;
      throw thrown;
    }
  };
  return {
    label,
    run: async (argv, limits) => {
      const signal = deadlineOf(limits);
      await turns.take(signal, label);
      try {
        const opened = await within(ready(), { signal, late: () => givenUp(signal, label) });
        return await execute(opened, argv, limits, signal, label);
      } finally {
        turns.give();
      }
    },
    close: async () => {
      const opened = await client?.catch(() => undefined);
      client = undefined;
      opened?.end();
    },
  };
}

function execute(
  client: Client,
  argv: readonly string[],
  limits: Limits,
  signal: AbortSignal,
  label: string,
): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const stdout = new Gathered(limits.maxBytes);
    const stderr = new Gathered(8_000);
    const line = bounded(argv, limits.timeoutMs);
    start(client, line, reject, label, (channel) => {
      let code: number | null = null;
      // What waits in the kernel over there keeps the channel open: nobody waits for it here.
      const onAbort = () => {
        kill(channel);
        reject(givenUp(signal, label));
      };
      signal.addEventListener("abort", onAbort, { once: true });
      if (signal.aborted) onAbort();
      channel.on("data", (chunk: Buffer) => {
        if (!stdout.add(chunk)) kill(channel);
      });
      channel.stderr.on("data", (chunk: Buffer) => stderr.add(chunk));
      channel.on("exit", (status: number | null) => {
        code = status;
      });
      channel.once("close", () => {
        signal.removeEventListener("abort", onAbort);
        if (signal.aborted) return reject(givenUp(signal, label));
        if (code === null && !stdout.isFull)
          return reject(new DiagError("target_error", `${label}: the connection broke during a command`));
        return resolve({ code, stdout: stdout.text(), stderr: stderr.text(), cut: stdout.isFull });
      });
    });
  });
}

/** Opens a channel; a connection that is closing throws instead of calling back. Whether the command began is not known. */
function start(
  client: Client,
  line: string,
  reject: (error: DiagError) => void,
  label: string,
  go: (channel: ClientChannel) => void,
): void {
  const refuse = (cause: unknown) =>
    reject(new DiagError("target_unreachable", `${label}: the connection is closed`, { cause }));
  try {
    client.exec(line, (error, channel) => (error ? refuse(error) : go(channel)));
  } catch (thrown) {
    refuse(thrown);
  }
}

/** `timeout` ends the process group on the other side even where this side dies or the network goes. */
function bounded(argv: readonly string[], timeoutMs: number): string {
  const seconds = String(Math.ceil(timeoutMs / 1000) + 1);
  return quoteArgv(["env", "LC_ALL=C", "timeout", "-s", "KILL", seconds, ...argv]);
}

function kill(channel: ClientChannel): void {
  try {
    channel.signal("KILL");
  } catch {
    // The channel is closed already.
  }
  channel.close();
}

/** At most `width` at a time; the others wait in line. */
class Turns {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(width: number) {
    this.#free = width;
  }

  async take(signal: AbortSignal, label: string): Promise<void> {
    if (this.#free > 0) {
      this.#free -= 1;
      return;
    }
    await new Promise<void>((resolve, reject) => {
      const go = () => {
        signal.removeEventListener("abort", leave);
        resolve();
      };
      const leave = () => {
        this.#waiting.splice(this.#waiting.indexOf(go), 1);
        reject(givenUp(signal, label));
      };
      signal.addEventListener("abort", leave, { once: true });
      this.#waiting.push(go);
    });
  }

  give(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#free += 1;
    else next();
  }
}
