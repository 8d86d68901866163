import { writeFileSync } from "node:fs";
import { userInfo } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { type FreshDatabase, freshDatabase } from "../helpers/database.ts";
import { serviceFolder } from "../helpers/folder.ts";
import { freePort } from "../helpers/ports.ts";
import { type CliResult, openProduct, type Product } from "../helpers/product.ts";
import { until } from "../helpers/until.ts";
import { recorded } from "./support/alerts.ts";
import { CONFIGURED } from "./support/people.ts";
import { PATIENCE_MS } from "./support/stage.ts";
import { type Cache, cache, type Folder, logFolder, type Site, site } from "./support/targets.ts";

const ISO = expect.stringMatching(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/);

/** Bob's vote on the command line: his account and host are kept. */
const BOB = { principal: "bob", decision: "approve", account: expect.stringMatching(/^bob@/), at: ISO };

interface RunJson {
  readonly id: number;
  readonly status: string;
  readonly findings: readonly { readonly id: string }[];
  readonly remedies: readonly {
    readonly id: string;
    readonly status: string;
    readonly approvals: unknown[];
  }[];
}

/** Slack cannot be reached all the time; approvals of high risk expire quickly, destructive ones need one vote. */
describe.skipIf(inject("whyNoRedis") !== undefined)("the command line while Slack is down", () => {
  let database: FreshDatabase;
  let product: Product;
  let store: Cache;
  let website: Site;
  const folders: Folder[] = [];
  const files = serviceFolder();

  beforeAll(async () => {
    [database, store, website] = await Promise.all([
      freshDatabase("e2e_cli", { migrated: false }),
      cache(),
      site(),
    ]);
    const [approved, denied] = [logFolder(), logFolder()];
    folders.push(approved, denied);
    const { policies, people, ...rest } = CONFIGURED;
    product = openProduct({
      databaseUrl: database.url,
      config: {
        ...rest,
        // The account the tests run under stands for one that people become by sudo.
        commandLine: { sudo: [userInfo().username] },
        people: Object.fromEntries(
          Object.entries(people).map(([name, person]) => [name, { ...person, login: [name] }]),
        ),
        policies: {
          high: { ...policies.high, expires: "2s" },
          destructive: { ...policies.destructive, approvals: 1 },
        },
        systems: {
          website: { connections: { web: website.connection }, thresholds: { p95Seconds: 20 } },
          store: { connections: { store: store.connection } },
          approved: { connections: { machine: approved.connection } },
          denied: { connections: { machine: denied.connection } },
        },
      },
      env: {
        SLACK_BOT_TOKEN: "xoxb-nobody-answers",
        SLACK_SIGNING_SECRET: "nobody-signs-anything",
        SLACK_API_URL: `http://127.0.0.1:${await freePort()}/api/`,
      },
    });
  });
  afterAll(async () => {
    try {
      await product?.close();
    } finally {
      for (const target of [store, website, ...folders]) await target?.stop();
      await database?.drop();
    }
  });

  interface Said<T> {
    readonly code: number | null;
    readonly is: T;
    readonly result: CliResult;
  }
  /** `diagbot … --json`, typed by that person. */
  const by = async <T>(person: string, ...words: string[]): Promise<Said<T>> => {
    const result = await product.cli([...words, "--json"], { SUDO_USER: person });
    return { code: result.code, is: result.json() as T, result };
  };
  const json = <T>(...words: string[]) => by<T>("alice", ...words);

  it("runs by itself where no worker is alive, and exits 0 for a healthy system", async () => {
    const { code, is, result } = await json<RunJson>("run", "service-health", "--system", "website");
    expect(code).toBe(0);
    expect(is).toMatchObject({
      id: expect.any(Number),
      runbook: "service-health",
      runbookVersion: { version: expect.any(String), digest: expect.stringMatching(/^[0-9a-f]{64}$/) },
      system: "website",
      status: "succeeded",
      state: "healthy",
      caller: {
        ...{ via: "cli", name: "alice", principal: "alice" },
        account: { name: "alice", host: expect.any(String), through: userInfo().username },
      },
      findings: [],
      steps: [
        {
          ...{ id: "web", action: "http.health", effect: "read", outcome: "succeeded" },
          ...{ startedAt: ISO, durationMs: expect.any(Number) },
        },
      ],
      remedies: [],
    });
    expect(result.stderr).toContain("no worker is alive");
  });

  it("shows what a remedy would do without asking for it: --dry-run", async () => {
    await store.fill();
    const { code, is } = await json<RunJson>("run", "redis-memory", "--system", "store", "--dry-run");
    expect(code).toBe(1);
    expect(is.remedies.find(({ id }) => id === "setPolicy")).toMatchObject({
      status: "skipped",
      plan: { calls: [{ action: "redis.set-eviction-policy", on: "store" }] },
    });
    expect(await store.effects()).toBe(0);
  });

  it("asks one item of a guide as one thing, and says what all of it came to", async () => {
    await store.fill();
    const { code, is } = await json<{
      found: { id: string; runs: number[] }[];
      runs: { id: number; runbook: string }[];
    }>("guide", "ai-saas.cache-maxmemory", "store", "--dry-run");
    expect(code).toBe(1);
    expect(is.runs.map(({ runbook }) => runbook)).toContain("redis-memory");
    const memory = is.runs.find(({ runbook }) => runbook === "redis-memory")?.id;
    expect(is.found[0]?.runs).toContain(memory);
    const list = await json<{ items: { id: string }[] }>("guide", "store", "maxmemory");
    expect(list).toMatchObject({ code: 0, is: { items: [{ id: "ai-saas.cache-maxmemory" }] } });
    expect(await store.effects()).toBe(0);
  });

  it.concurrent.each([
    [
      "an unknown runbook",
      ["run", "redis-memry", "--system", "store"],
      64,
      "unknown_runbook",
      /redis-memory/,
    ],
    ["an unknown system", ["run", "redis-memory", "--system", "stor"], 64, "unknown_system", /store/],
    [
      "a wrong parameter",
      ["run", "redis-memory", "--system", "store", "--param", "policy=none"],
      64,
      "bad_parameter",
      /./,
    ],
    ["a missing connection", ["run", "pg-locks", "--system", "store"], 2, "missing_connection", /./],
    ["an unknown run", ["status", "4711"], 64, "unknown_run", /./],
    ["an unknown option", ["run", "--sytem", "store"], 64, "usage", /./],
  ])("%s: exit code and one JSON document", async (_what, words, code, error, says) => {
    const { code: exit, is } = await json<{ error: { code: string } }>(...words);
    expect(exit).toBe(code);
    expect(is.error.code).toBe(error);
    expect(JSON.stringify(is)).toMatch(says);
  });

  it("exits 2 when Postgres cannot be reached", async () => {
    const nowhere = `postgres://app:Unreachable-Pa55@127.0.0.1:${await freePort()}/none`;
    const words = ["run", "service-health", "--system", "website", "--json"];
    const result = await product.cli(words, { DATABASE_URL: nowhere });
    expect(result.code).toBe(2);
    expect(result.json()).toMatchObject({ error: { code: "store_unavailable" } });
    expect(result.stdout + result.stderr).not.toContain("Unreachable-Pa55");
  });

  it("says where the configuration is wrong and what was meant", async () => {
    const path = join(files, "wrong.yaml");
    writeFileSync(
      path,
      "systems:\n  shop:\n    conections: {}\npolicies:\n  high: { approvals: 0, from: [oncall] }\n",
    );
    const { code, stdout, stderr } = await product.cli(["check"], { DIAGBOT_CONFIG: path });
    expect(code).toBe(2);
    expect(stdout + stderr).toMatch(/wrong\.yaml:3:5: .*conections.*did you mean.*connections/);
    expect(stdout + stderr).toMatch(/wrong\.yaml:5:\d+: .*approvals/);
  });

  it("replay, audit verify, doctor and runbooks answer with JSON", async () => {
    const path = join(files, "alert.json");
    writeFileSync(path, JSON.stringify(recorded("01-firing-single-with-bearer-header")));
    const [replay, audit, doctor, runbooks] = await Promise.all([
      json<object>("replay", path),
      json<object>("audit", "verify"),
      json<{ checks: { name: string; state: string }[] }>("doctor"),
      json<{ id: string }[]>("runbooks"),
    ]);
    expect(replay).toMatchObject({
      code: 0,
      is: { incident: { title: "HighLatency" }, system: null, runs: [] },
    });
    expect(audit).toMatchObject({ code: 0, is: { ok: true } });
    expect(doctor.code).toBe(1);
    expect(doctor.is.checks).toContainEqual(
      expect.objectContaining({ name: "slack token", state: "missing" }),
    );
    expect(runbooks.is.map(({ id }) => id)).toContain("pg-pool-exhausted");
  });

  describe("beside a worker", () => {
    beforeAll(async () => {
      await product.serve("all", {}, "ready");
    });

    const status = async (id: number) => (await json<RunJson>("status", String(id))).is;

    it("a waiting run, a vote without the right, an approval, the effect", async () => {
      const [folder] = folders;
      folder?.fill();
      const { code, is } = await json<RunJson>("run", "disk-full", "--system", "approved");
      expect(code).toBe(1);
      expect(is.status).toBe("waiting");
      expect(is.remedies.find(({ id }) => id === "removeOldFiles")).toMatchObject({
        ...{ id: "removeOldFiles", title: expect.any(String), risk: "destructive", status: "waiting" },
        planSha256: expect.stringMatching(/^[0-9a-f]{64}$/),
        plan: expect.objectContaining({ version: 1, remedy: "removeOldFiles", calls: expect.any(Array) }),
        approvals: [
          {
            ...{ state: "pending", planSha256: expect.any(String), requester: "alice" },
            ...{ requestedAt: ISO, expiresAt: ISO, from: ["oncall", "dba"], needed: 1, votes: [] },
          },
        ],
        attempts: [],
      });
      const approve = ["approve", String(is.id), "removeOldFiles"];
      // Erin has no role, Alice has asked for it, nobody knows Mallory; and no name given makes Alice Bob.
      for (const words of [["erin"], ["alice"], ["mallory"], ["mallory", "--as", "bob"]] as const) {
        const refused = await by<object>(words[0], ...approve, ...words.slice(1));
        expect(refused).toMatchObject({ code: 2, is: { error: { code: "not_allowed" } } });
      }
      const pretended = await by<object>("alice", ...approve, "--as", "bob", "--reason", "he nodded");
      expect(pretended).toMatchObject({ code: 2, is: { error: { code: "not_allowed" } } });
      const stranger = await json<object>(...approve, "--as", "bbo");
      expect(stranger).toMatchObject({ code: 64, is: { error: { hint: expect.stringContaining("bob") } } });
      expect(folder?.files()).toHaveLength(10);

      const vote = await by<object>("bob", ...approve, "--as", "bob");
      expect(vote).toMatchObject({ code: 0, is: { state: "approved", run: { id: is.id } } });
      const ended = await until(async () => {
        const now = await status(is.id);
        return now.status === "succeeded" && now;
      }, PATIENCE_MS);
      expect(ended.remedies.find(({ id }) => id === "removeOldFiles")).toMatchObject({
        status: "succeeded",
        approvals: [{ state: "approved", votes: [BOB] }],
        attempts: [{ outcome: "succeeded", startedAt: ISO, finishedAt: ISO }],
        verify: { within: "30s" },
      });
      expect(folder?.files().length).toBeLessThan(10);
    });

    it("a denial with its reason", async () => {
      folders[1]?.fill();
      const { is } = await json<RunJson>("run", "disk-full", "--system", "denied");
      const words = ["deny", String(is.id), "removeOldFiles", "--as", "dave", "--reason", "audit needs them"];
      expect(await by<object>("dave", ...words)).toMatchObject({ code: 0, is: { state: "denied" } });
      expect((await by<object>("dave", ...words)).code).toBe(2);
      const after = await until(async () => {
        const now = await status(is.id);
        return now.status !== "waiting" && now.status !== "running" && now;
      }, PATIENCE_MS);
      expect(JSON.stringify(after.remedies)).toContain("audit needs them");
      expect(folders[1]?.files()).toHaveLength(10);
    });

    it("what nobody decides in time expires, and nothing is done", async () => {
      await store.fill();
      const words = ["run", "redis-memory", "--system", "store", "--no-wait"];
      const { is } = await json<{ id: number; status: string }>(...words);
      expect(is).toEqual({ id: expect.any(Number), status: "queued" });
      const after = await until(async () => {
        const now = await status(is.id);
        return now.status === "succeeded" && now;
      }, PATIENCE_MS);
      expect(after.remedies.find(({ id }) => id === "setPolicy")).toMatchObject({
        ...{ status: "expired", approvals: [{ state: "expired" }], attempts: [] },
      });
      const late = await by<object>("bob", "approve", String(is.id), "setPolicy", "--as", "bob");
      expect(late).toMatchObject({ code: 2, is: { error: { code: "not_decidable" } } });
      expect(await store.effects()).toBe(0);
    });
  });
});
