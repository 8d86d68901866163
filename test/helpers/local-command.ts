// Runs a command on this machine, as a worker does, until somebody ends it. TIMEOUT_MS: the command's time.
import { localMachine } from "../../src/connectors/machine/local.ts";

const signal = new AbortController().signal;
const timeoutMs = Number(process.env.TIMEOUT_MS);
const command = ["sh", "-c", "sleep 600 & sleep 600; true"];
const running = localMachine().run(command, { signal, timeoutMs, maxBytes: 1_000 });
process.send?.("started");
await running.catch(() => {});
