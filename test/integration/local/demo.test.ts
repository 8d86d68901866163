import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runScript } from "../../../local/script/script.ts";
import { bornAt } from "../../../local/tryout/processes.ts";
import { startTryout, type Tryout } from "../../../local/tryout/tryout.ts";
import { builtProgram } from "../../helpers/built.ts";
import { until } from "../../helpers/until.ts";

let folder: string;
let tryout: Tryout;
const said: string[] = [];
const start = (built?: string): Promise<Tryout> =>
  startTryout({ folder, port: 0, socket: false, built, say: (line) => void said.push(line) });

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "diagbot-demo-"));
  tryout = await start(await builtProgram());
});
afterAll(async () => {
  await tryout?.stop();
  await rm(folder, { recursive: true, force: true });
});

const pidsOf = async (): Promise<number[]> =>
  Promise.all(
    (await readdir(join(folder, "pids"))).map(async (name) => {
      const { pid } = JSON.parse(await readFile(join(folder, "pids", name), "utf8")) as { pid: number };
      return pid;
    }),
  );

describe("the demo", () => {
  it("says what is ready and serves one page", async () => {
    expect(said.filter((line) => line.includes("… ready")).length).toBeGreaterThanOrEqual(4);
    const page = await fetch(tryout.url);
    expect(page.status).toBe(200);
    expect(await page.text()).toContain("<html");
  });

  it("lists at least ten faults that need no Redis, each once", async () => {
    const entries = await tryout.breaker.panel.list();
    const ids = entries.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(tryout.faults.filter(({ rule }) => rule.needsRedis !== true).length).toBeGreaterThanOrEqual(10);
    expect(entries.every(({ state, system }) => state === "ready" && system === "shop")).toBe(true);
  });

  it("plays a fault from alert to verified repair", async () => {
    const lines: string[] = [];
    const code = await runScript(tryout, ["log-folder-full"], (line) => void lines.push(line));
    expect(code, lines.join("\n")).toBe(0);
    const text = lines.join("\n");
    expect(text).toMatch(/Carol presses Approve and is told: .+/);
    expect(text).toMatch(/log-folder-full .+ removeOldFiles +yes/);
  });

  it("plays the outages nobody but a person can end: found, advised, put right by hand", async () => {
    const outages = tryout.faults.filter(({ expects }) => expects.advice === true).map(({ id }) => id);
    expect(outages).toEqual(expect.arrayContaining(["database-down", "api-down"]));
    const lines: string[] = [];
    const code = await runScript(tryout, outages, (line) => void lines.push(line));
    const text = lines.join("\n");
    expect(code, text).toBe(0);
    for (const id of outages) expect(text).toMatch(new RegExp(`${id} .+ \\(advice\\) +yes`));
    expect(text).toMatch(/does it by hand: .+/);
  });

  it("names a fault that was misspelt", async () => {
    const lines: string[] = [];
    expect(await runScript(tryout, ["log-folder-ful"], (line) => void lines.push(line))).toBe(64);
    expect(lines.join()).toContain("Did you mean log-folder-full?");
  });

  it("breaks and restores from the panel", async () => {
    const { panel } = tryout.breaker;
    const stateOf = async () => (await panel.list()).find(({ id }) => id === "upload-folder-full")?.state;
    expect(await panel.press("upload-folder-full")).toMatchObject({ ok: true });
    await until(async () => (await stateOf()) === "broken");
    expect(await panel.press("upload-folder-full")).toMatchObject({ ok: true });
    await until(async () => (await stateOf()) === "ready");
    expect(await panel.press("nothing")).toMatchObject({ ok: false });
  });

  it("refuses a second one in the same folder, leaves nothing behind, and starts again", async () => {
    await expect(start()).rejects.toThrow(/already running/);
    const pids = await pidsOf();
    expect(pids.length).toBeGreaterThanOrEqual(5);
    expect(await tryout.stop()).toEqual([]);
    expect(await Promise.all(pids.map(bornAt))).toEqual(pids.map(() => undefined));
    expect(await readdir(join(folder, "pids"))).toEqual([]);
    // From the sources, as people start it.
    tryout = await start();
    expect((await fetch(tryout.url)).status).toBe(200);
  });
});
