import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { playFault } from "../../../local/script/play-fault.ts";
import { playWrite } from "../../../local/script/play-write.ts";
import { findRedis } from "../../../local/services/redis.ts";
import { SYSTEMS } from "../../../local/systems/index.ts";
import { startTryout, type Tryout } from "../../../local/tryout/tryout.ts";
import { builtProgram } from "../../helpers/built.ts";

const redis = (await findRedis()) !== undefined;

type Played = { readonly fault: string } | { readonly write: string };
/** Of each system a fault whose finding offers a write, or a write that people type. */
const PLAYED: Readonly<Record<string, Played>> = {
  "ai-saas": { fault: "redis-noeviction" },
  resync: { write: "set-tws-log-level level=debug ttl=15m" },
  "sergas-accounts": { fault: "zoho-signed-out" },
  "sergas-agents": { fault: "breaker-open" },
  tektra: { fault: "key-revoked" },
};

describe.skipIf(!redis || process.platform !== "linux")("the demo with an example system", () => {
  it("has something to play for each", () => {
    expect(Object.keys(PLAYED).toSorted()).toEqual(SYSTEMS.map(({ id }) => id).toSorted());
  });

  it.each(Object.entries(PLAYED))(
    "%s: from the finding or the words to a write that is verified",
    (system, played) => withTryout(system, (tryout) => play(tryout, played)),
  );
});

/** The demo of that system, with a folder of its own and the built product. */
async function withTryout(system: string, work: (tryout: Tryout) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "diagbot-demo-"));
  const built = await builtProgram();
  let left: string[] = [];
  try {
    const tryout = await startTryout({ folder, port: 0, socket: false, system, built, say: () => {} });
    try {
      await work(tryout);
    } finally {
      left = await tryout.stop();
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  expect(left).toEqual([]);
}

async function play(started: Tryout, played: Played): Promise<void> {
  const lines: string[] = [];
  const read = (line: string): void => void lines.push(line);
  expect(started.slack.messages(started.sample.channel.id)).toEqual([]);
  if ("write" in played) {
    const one = await playWrite(started, played.write, read);
    expect(one, lines.join("\n")).toMatchObject({ verified: true, remedy: "typed, undone", wrong: [] });
    return;
  }
  const fault = started.faults.find(({ id }) => id === played.fault);
  if (fault === undefined) throw new Error(`no fault ${played.fault}`);
  const one = await playFault(started, fault, read);
  expect(one, lines.join("\n")).toMatchObject({ verified: true, wrong: [] });
  expect(one.remedy).toBe(fault.expects.remedy);
}
