import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { endless, listening, mute } from "../../../src/testing/index.ts";

const ROOT = fileURLToPath(new URL("../../..", import.meta.url));
const page = readFileSync(join(ROOT, "docs/packs.md"), "utf8");
const text =
  [...page.matchAll(/^```ts\n(.*?)^```$/gms)].find(([, block]) => block?.includes("openMemcached"))?.[1] ??
  "";
const folder = mkdtempSync(join(tmpdir(), "diagbot-tcp-"));
const file = join(folder, "client.ts");
writeFileSync(file, text.replace('"diagbot/sdk"', JSON.stringify(join(ROOT, "src/sdk/index.ts"))));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Client {
  ask(command: string, end: string, context: object): Promise<string>;
  close(): void;
}
const { openMemcached } = (await import(pathToFileURL(file).href)) as {
  openMemcached(host: string, port: number): Client;
};
const context = (timeoutMs = 60_000, signal = AbortSignal.timeout(timeoutMs)) => ({ signal, timeoutMs });

/** One question to a server that is closed afterwards. */
async function asked(
  server: { port: number; close(): Promise<unknown> },
  given = context(),
): Promise<string> {
  const client = openMemcached("127.0.0.1", server.port);
  try {
    return await client.ask("stats", "END", given).catch((error: { code: string }) => error.code);
  } finally {
    client.close();
    await server.close();
  }
}

describe("the TCP client of docs/packs.md", () => {
  it("gives the answer once it is whole, however it is cut", async () => {
    const server = createServer((socket) =>
      socket.once("data", () => {
        const bytes = Buffer.from("STAT name é\r\nEND\r\n");
        socket.write(bytes.subarray(0, 11));
        setImmediate(() => socket.write(bytes.subarray(11)));
      }),
    );
    expect(await asked(await listening(server))).toBe("STAT name é\r\nEND\r\n");
  });

  it("ends at its deadline, when it is stopped, at a limit of bytes, and where it is closed", async () => {
    expect(await asked(await mute(), context(50))).toBe("timeout");
    expect(await asked(await mute(), context(60_000, AbortSignal.abort()))).toBe("aborted");
    expect(await asked(await endless(""))).toBe("output_too_large");
    expect(await asked(await listening(createServer((socket) => socket.end("STAT"))))).toBe("target_error");
    const gone = await mute();
    await gone.close();
    expect(await asked({ ...gone, close: async () => {} })).toBe("target_unreachable");
  });
});
