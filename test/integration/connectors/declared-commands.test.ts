import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { commandRunbooks, declaredCommands } from "../../../src/app/commands.ts";
import { loadConfig } from "../../../src/config/load.ts";
import { kinds } from "../../../src/connectors/index.ts";
import { connectorsOf } from "../../../src/core/rules/connections.ts";
import type { Runbook } from "../../../src/core/words/runbook.ts";
import { type AdminService, adminService, type SeenRequest } from "../../helpers/admin-service.ts";
import { workFolder } from "../../helpers/host.ts";
import { type Bench, openBench } from "../../helpers/run-runbook.ts";

const KEY = "admin-key-quite-secret-4711";
const ENTRIES = { permissions: [] as object[], keys: [] as { name: string }[] };
const folder = workFolder();
let service: AdminService;
let bench: Bench;
let runbooks: readonly Runbook[];

/** The page's own example, with the scripts in a folder of the test and the service on a private port. */
beforeAll(async () => {
  service = await adminService({
    "breakers/zoho": { state: "open", failures: 7, threshold: 5 },
    "upstreams/zoho": { status: "down" },
    "fallbacks/zoho": { strategy: "none", ttlSeconds: 0 },
    pool: { min: 5, max: 20, server: { free: 60 } },
    queue: { workers: 8, maxSize: 1000, backpressure: "off", depth: 12 },
    "log-level": { level: "warning" },
    "status-page": { status: "operational" },
    "agents/writer": { model: "model-a", lastTest: "passed" },
  });
  service.answers = admin;
  const program = (name: string, body: string) => {
    const path = join(folder, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, `#!/bin/sh\ncd '${folder}'\n${body}\n`);
    chmodSync(path, 0o755);
  };
  program("accounts/bin/check_env", "echo 'missing ZOHO_CLIENT_ID'; echo 'ok DATABASE_URL'");
  program("accounts/bin/check_zoho_token", "cat token.json");
  program(
    "accounts/bin/refresh_zoho_token",
    `[ -e used-up ] && exit 3; echo access_token=very-secret; echo '{"expires_at":"13:00","seconds_left":3600}' > token.json`,
  );
  program(
    "accounts/bin/revoke_old_sessions",
    `read -r n < sessions; [ "$3" = --dry-run ] && { echo "{\\"count\\":$n}"; exit 0; }; echo "$2" > age; echo 0 > sessions`,
  );
  program(
    "accounts/venv/bin/pip-audit",
    `echo '{"dependencies":[{"name":"jinja2","version":"2.4","vulns":[{"id":"PYSEC-1","fix_versions":["3.1.5"]}]},{"name":"six","version":"1.16","vulns":[]}]}'; exit 1`,
  );
  program(
    "accounts/bin/fail2ban-status",
    'printf "Status for the jail: %s\\n|- Currently banned:\\t4\\n" "$1"',
  );
  writeFileSync(join(folder, "token.json"), '{"expires_at":"12:00","seconds_left":300}');
  writeFileSync(join(folder, "sessions"), "17\n");
  const page = readFileSync(new URL("../../../docs/commands.example.yaml", import.meta.url), "utf8");
  writeFileSync(join(folder, "diagbot.yaml"), page.replaceAll("/opt/", `${folder}/`));
  const env = {
    DATABASE_URL: "postgres://x/y",
    ADMIN_URL: `http://127.0.0.1:${service.port}`,
    ADMIN_KEY: KEY,
  };
  const { systems } = loadConfig({ env, cwd: folder, kinds });
  runbooks = commandRunbooks(declaredCommands(systems, kinds)).flatMap((origin) => origin.runbooks);
  const written = Object.fromEntries(
    systems.flatMap(({ connections }) =>
      Object.entries(connections).map(([name, { kind, settings }]) => [
        name,
        { ...(settings as object), kind },
      ]),
    ),
  );
  bench = openBench({ connections: written, connectors: connectorsOf(kinds) });
});
afterAll(async () => {
  await bench.close();
  await service.close();
  rmSync(folder, { recursive: true, force: true });
});

/** What is more than values that are set. */
function admin(request: SeenRequest): { status: number; body?: unknown } | undefined {
  if (request.path.startsWith("/admin/permissions")) return permissions(request);
  if (request.path.startsWith("/v1/auth/api-keys")) return apiKeys(request);
  if (request.path !== "/admin/breakers/zoho/reset") return undefined;
  service.values["breakers/zoho"] = { state: "closed", failures: 0, threshold: 5 };
  return { status: 200 };
}

function permissions({ method, body }: SeenRequest) {
  if (method === "POST") ENTRIES.permissions.push(body as object);
  if (method === "DELETE") ENTRIES.permissions.length = 0;
  return { status: 200, body: { entries: ENTRIES.permissions } };
}

function apiKeys({ method, body }: SeenRequest) {
  if (method === "DELETE") ENTRIES.keys.length = 0;
  if (method !== "POST") return { status: 200, body: { entries: ENTRIES.keys } };
  ENTRIES.keys.push(body as { name: string });
  return { status: 201, body: { key: "the-new-key-itself" } };
}

const named = (id: string): Runbook => {
  const found = runbooks.find((runbook) => runbook.id === id);
  if (found === undefined) throw new Error(`no ${id}`);
  return found;
};
const asked = async (id: string, params: Record<string, unknown> = {}) => bench.diagnose(named(id), params);

test.each([
  ["set-breaker-threshold", { name: "zoho", threshold: 10 }, "PATCH /admin/breakers/zoho", { threshold: 10 }],
  [
    "set-fallback",
    { api: "zoho", strategy: "cached_fallback" },
    "PATCH /admin/fallbacks/zoho",
    { strategy: "cached_fallback", ttlSeconds: 600 },
  ],
  ["set-pool", { min: 20, max: 100 }, "PATCH /admin/pool", { min: 20, max: 100 }],
  ["scale-workers", { count: 50 }, "PATCH /admin/queue", { workers: 50 }],
  ["resize-queue", { size: 5000 }, "PATCH /admin/queue", { maxSize: 5000 }],
  ["set-backpressure", { state: "on" }, "PATCH /admin/queue", { backpressure: "on" }],
  ["set-log-level", { level: "debug" }, "PATCH /admin/log-level", { level: "debug", ttlSeconds: 900 }],
  ["set-status-page", { status: "maintenance" }, "PATCH /admin/status-page", { status: "maintenance" }],
  [
    "set-agent-model",
    { agent: "writer", model: "model-b" },
    "PATCH /admin/agents/writer",
    { model: "model-b" },
  ],
])(
  "%s is sent once as declared, seen to be done, and its undo brings back what was there (trap in-process-state)",
  async (id, params, request, body) => {
    const before = JSON.stringify(service.values);
    const done = await (await asked(id, params)).apply("do");
    expect(done.previews[0]?.changes[0]).toContain(
      request.replace(" /", ` http://127.0.0.1:${service.port}/`),
    );
    expect(done.holds).toBe(true);
    const writes = () => service.seen.filter(({ method }) => method !== "GET");
    expect(writes().at(-1)).toMatchObject({
      method: request.split(" ")[0],
      path: request.split(" ")[1],
      body,
      key: KEY,
    });
    const sent = writes().length;
    await done.undo();
    expect(writes().length).toBe(sent + 1);
    const plain = (text: string) => text.replace(/,"ttlSeconds":\d+/g, "");
    expect(plain(JSON.stringify(service.values))).toBe(plain(before));
  },
);

test.each([
  ["upstream", { name: "zoho" }, "down"],
  ["status-page", {}, "operational"],
])("%s is read although its column is called as that of every answer: status", async (id, params, status) => {
  const { findings } = await asked(id, params);
  expect(findings).toMatchObject([
    { id: "answer", evidence: [{ kind: "facts", facts: [{ name: "status", value: status }] }] },
  ]);
});

test("what somebody has set between the approval and the request is not written over", async () => {
  const run = await asked("set-log-level", { level: "debug" });
  const before = service.values["log-level"];
  const sent = service.seen.filter(({ method }) => method !== "GET").length;
  const meanwhile = async () => {
    service.values["log-level"] = { level: "error" };
  };
  await expect(run.apply("do", meanwhile)).rejects.toThrow(/it is level error now, no longer level warning/);
  expect(service.seen.filter(({ method }) => method !== "GET")).toHaveLength(sent);
  service.values["log-level"] = before ?? {};
});

test("a breaker is reset only while the other side answers (trap breaker-reset-blind)", async () => {
  const first = await (await asked("reset-breaker", { name: "zoho" })).apply("do");
  expect(first.previews[0]?.refused).toBe("the other side does not answer yet (upstream: status down)");
  expect(first.outputs).toEqual([]);
  service.values["upstreams/zoho"] = { status: "ok" };
  const { holds, previews } = await (await asked("reset-breaker", { name: "zoho" })).apply("do");
  expect([holds, previews[0]?.risk]).toEqual([true, "high"]);
  expect(service.seen.findLast(({ method }) => method === "POST")?.body).toEqual({ mode: "half-open" });
});

test("permissions: one person, one thing, no wildcard, for a time (trap grant-wildcard)", async () => {
  const params = { user: "alice", permission: "write", resource: "agent/writer" };
  expect(() => named("grant-permission").params.parse({ ...params, resource: "*" })).toThrow(
    /a word that fits/,
  );
  const done = await (await asked("grant-permission", params)).apply("do");
  expect([done.holds, ENTRIES.permissions]).toEqual([true, [{ ...params, expiresInSeconds: 3600 }]]);
  await done.undo();
  expect(service.seen.findLast(({ method }) => method === "DELETE")?.path).toBe(
    "/admin/permissions/alice/write?resource=agent%2Fwriter",
  );
  expect(ENTRIES.permissions).toEqual([]);
});

test("an issued key is shown nowhere, and taken back by its name (trap api-key-create)", async () => {
  const done = await (await asked("issue-api-key", { name: "ci" })).apply("do");
  expect(done.holds).toBe(true);
  expect(JSON.stringify([done, service.values])).not.toContain("the-new-key-itself");
  await done.undo();
  expect(ENTRIES.keys).toEqual([]);
});

test("scripts: answers in named columns, whatever way they are written", async () => {
  const rows = async (id: string, params = {}) => {
    const one = (await asked(id, params)).seen.answer;
    return one?.ok ? (one.value as { rows: unknown }).rows : one;
  };
  expect(await rows("environment")).toEqual([
    [0, "missing", "ZOHO_CLIENT_ID"],
    [0, "ok", "DATABASE_URL"],
  ]);
  expect(await rows("vulnerabilities")).toEqual([
    [1, "jinja2", "2.4", "PYSEC-1", "3.1.5"],
    [1, "six", "1.16", null, null],
  ]);
  expect(await rows("jail")).toEqual([[0, 4]]);
});

test("a token is refreshed and shown nowhere; the same answer as before is not done (trap secrets-in-output)", async () => {
  writeFileSync(join(folder, "used-up"), "");
  await expect((await asked("refresh-zoho-token")).apply("do")).rejects.toMatchObject({
    code: "target_refused",
    message: "the budget of 10 tokens in 10 minutes is used up (exit 3)",
  });
  rmSync(join(folder, "used-up"));
  const done = await (await asked("refresh-zoho-token")).apply("do");
  expect(done.holds).toBe(true);
  expect(JSON.stringify(done)).not.toContain("very-secret");
});

test("sessions: the dry run is the preview, a thousand are refused, done is none left", async () => {
  writeFileSync(join(folder, "sessions"), "1000\n");
  const refused = await (await asked("revoke-sessions", { age: "7d" })).apply("do");
  expect(refused.previews[0]?.refused).toContain("(old-sessions: sessions 1000)");
  writeFileSync(join(folder, "sessions"), "17\n");
  const done = await (await asked("revoke-sessions", { age: "7d" })).apply("do");
  expect(done.previews[0]?.changes).toEqual([
    expect.stringMatching(/^run \S+revoke_old_sessions '--older-than' 168 on this machine$/),
    "now: sessions 17",
    "exit 0, sessions 17",
  ]);
  expect([done.holds, readFileSync(join(folder, "age"), "utf8"), done.previews[0]?.risk]).toEqual([
    true,
    "168\n",
    "destructive",
  ]);
});

/** Whether it was answered; a value that does not fit is refused before. */
const answerTo = (name: string): Promise<boolean> =>
  asked("breaker", { name }).then(
    (run) => run.seen.answer?.ok === true,
    () => false,
  );

test("a value cannot climb out of its place in a path", async () => {
  for (const name of ["a/../../admin/pool", ".."]) expect(await answerTo(name), name).toBe(false);
  expect(service.seen.map(({ path }) => path).join(" ")).not.toContain("..");
});

test("nothing of a command becomes words of a shell", async () => {
  const marker = join(folder, "pwned");
  for (const jail of [`$(touch ${marker})`, `;touch ${marker}`, `a b`, "-x"])
    await expect(asked("jail", { jail })).rejects.toThrow();
  expect(execFileSync("ls", [folder], { encoding: "utf8" })).not.toContain("pwned");
});
