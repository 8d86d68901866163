import type { Client, ClientChannel } from "ssh2";
import { DiagError } from "../../core/words/errors.ts";
import { within } from "../../lib/deadline.ts";
import { Gathered, givenUp, inLimits, type Limits, type Machine, type Ran } from "./machine.ts";
import { quoteArgv } from "./quote.ts";
import type { MachineSettings } from "./settings.ts";
import { connect, parseAddress } from "./ssh-connect.ts";

/** OpenSSH's MaxSessions is 10 by default; the rest is left to people. */
const MAX_CHANNELS = 6;

/** Channels in a row that were never opened: then nothing is to be expected of the connection any more. */
const MOST_UNANSWERED = 3;

/** `unanswered`: channels in a row that were asked for and given up before an answer came. */
interface Connection {
  readonly client: Client;
  unanswered: number;
  /** The next command has a new one. */
  readonly drop: () => void;
}

/** A machine behind SSH: one connection, opened at the first command and again after it broke or fell silent. */
export function sshMachine(connection: MachineSettings): Machine {
  const { username, host } = parseAddress(connection.ssh ?? "");
  const label = `${username}@${host}`;
  const turns = new Turns(MAX_CHANNELS);
  let current: Promise<Connection> | undefined;
  const ready = (): Promise<Connection> => {
    current ??= open();
    return current;
  };
  const open = async (): Promise<Connection> => {
    try {
      const client = await connect(connection);
      const dialled = current;
      client.once("close", () => {
        if (current === dialled) current = undefined;
      });
      const drop = () => {
        current = undefined;
        client.destroy();
      };
      return { client, unanswered: 0, drop };
    } catch (thrown) {
      current = undefined;
      throw thrown;
    }
  };
  return {
    label,
    run: (argv, limits) =>
      inLimits(limits, async (signal) => {
        await turns.take(signal, label);
        try {
          const opened = await within(ready(), { signal, late: () => givenUp(signal, label) });
          return await execute(opened, argv, limits, signal, label);
        } finally {
          turns.give();
        }
      }),
    close: async () => {
      const opened = await current?.catch(() => undefined);
      current = undefined;
      opened?.client.end();
    },
  };
}

function execute(
  connection: Connection,
  argv: readonly string[],
  limits: Limits,
  signal: AbortSignal,
  label: string,
): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const stdout = new Gathered(limits.maxBytes);
    const stderr = new Gathered(8_000);
    const line = bounded(argv, limits.timeoutMs);
    let opened: ClientChannel | undefined;
    // What waits in the kernel over there keeps the channel open, or unopened: nobody waits for it here.
    const onAbort = () => {
      if (opened === undefined) fellSilent(connection);
      else kill(opened);
      reject(givenUp(signal, label, opened !== undefined && stdout.isEmpty && stderr.isEmpty));
    };
    const fail = (error: DiagError) => {
      signal.removeEventListener("abort", onAbort);
      reject(error);
    };
    if (signal.aborted) return reject(givenUp(signal, label));
    signal.addEventListener("abort", onAbort, { once: true });
    start(connection, line, fail, label, (channel) => {
      opened = channel;
      let code: number | null = null;
      if (signal.aborted) kill(channel);
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

/** A connection that answers nothing would let every later command run into its time limit. */
function fellSilent(connection: Connection): void {
  connection.unanswered += 1;
  if (connection.unanswered === MOST_UNANSWERED) connection.drop();
}

/** Opens a channel; a connection that is closing throws instead of calling back. Whether the command began is not known. */
function start(
  connection: Connection,
  line: string,
  reject: (error: DiagError) => void,
  label: string,
  go: (channel: ClientChannel) => void,
): void {
  const refuse = (cause: unknown) =>
    reject(new DiagError("target_unreachable", `${label}: the connection is closed`, { cause }));
  try {
    connection.client.exec(line, (error, channel) => {
      connection.unanswered = 0;
      if (error) refuse(error);
      else go(channel);
    });
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
