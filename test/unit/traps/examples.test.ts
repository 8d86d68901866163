import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { z } from "zod";

const Commands = z.record(z.string(), z.looseObject({ argv: z.array(z.string()).optional() }));
const File = z.object({
  systems: z.record(
    z.string(),
    z.object({ connections: z.record(z.string(), z.looseObject({ commands: Commands.optional() })) }),
  ),
});
const read = (path: string): string =>
  readFileSync(new URL(`../../../docs/examples/${path}`, import.meta.url), "utf8");
const commandOf = (system: string, name: string): z.output<typeof Commands>[string] => {
  const connections = File.parse(parse(read(`${system}/diagbot.yaml`))).systems[system]?.connections ?? {};
  const found = Object.values(connections).flatMap(({ commands = {} }) => {
    const command = commands[name];
    return command === undefined ? [] : [command];
  });
  const [first] = found;
  if (first === undefined) throw new Error(`no command ${name}`);
  return first;
};

test("trap pip-audit-scope: what is audited is the service's own environment", () => {
  expect(commandOf("resync", "vulnerabilities").argv?.[0]).toMatch(/^\/opt\/resync\/venv\//);
});

test("trap load-test-prod: a load test is of staging, has caps, and is approved", () => {
  const { argv, ...declared } = commandOf("tektra", "load-test");
  expect(argv?.join(" ")).toContain("--target staging");
  expect(declared).toMatchObject({
    effect: "write",
    risk: "high",
    params: { requests: { type: "integer", max: 500 }, clients: { type: "integer", max: 10 } },
  });
});

test("trap redis-del-token: only the access token is said to be removed", () => {
  const page = read("sergas-accounts/checks/zoho.yaml");
  expect(page).toContain("`redis-cli UNLINK zoho:access_token`");
  expect(page).toContain("Never zoho:refresh_token");
  expect(page).not.toMatch(/(DEL|UNLINK) [^`]*refresh_token/);
});

test("trap in-process-state: breakers and queues are asked of the service, not of a new process", () => {
  const checks = z
    .array(z.looseObject({ id: z.string(), http: z.unknown() }))
    .parse(parse(read("sergas-agents/checks/breakers.yaml")));
  expect(checks.filter(({ http }) => http === undefined)).toEqual([]);
});

test("trap gc-noop: the collector's thresholds of the guide are said to change nothing", () => {
  const page = read("sergas-accounts/checks/services.yaml");
  expect(page).toContain("700, 10, 10 are what CPython has anyway: setting them changes nothing");
  expect(page).not.toMatch(/gc\.set_threshold\(/);
});

test("trap cognee-content-type: the test query is a JSON body, which is sent as JSON", () => {
  expect(commandOf("sergas-accounts", "cognee-query")).toMatchObject({
    method: "POST",
    body: { query: "test" },
  });
});

test("trap compose-build-prod: an image that was built elsewhere, by its digest, and back to the one before", () => {
  const { argv, ...declared } = commandOf("sergas-accounts", "deploy-cognee");
  expect(argv?.join(" ")).not.toContain("build");
  expect(declared).toMatchObject({
    risk: "high",
    params: { digest: { pattern: "sha256:[0-9a-f]{64}" } },
    undo: { command: "deploy-cognee", params: { digest: "{before.digest}" } },
  });
});

test("trap hf-cache-path: one revision that nothing has loaded is deleted, never a folder", () => {
  const { argv, ...declared } = commandOf("tektra", "delete-model-revision");
  expect(argv?.join(" ")).not.toMatch(/~|\brm\b|huggingface\/hub/);
  expect(declared).toMatchObject({
    risk: "destructive",
    requires: [{ ask: "model-revision", when: { loaded: { equals: false } } }],
  });
});

test("trap hf-predownload: a model is fetched by a list of models, where there is room, into the service's cache", () => {
  const { argv, ...declared } = commandOf("tektra", "fetch-model");
  expect(argv?.join(" ")).not.toMatch(/python|from_pretrained/);
  expect(declared).toMatchObject({
    effect: "write",
    params: { model: { type: "enum" } },
    requires: [{ ask: "model-fetch", when: { free_bytes: { above: 20_000_000_000 } } }],
  });
});

test("trap git-log-not-deploys: what is deployed, with the time it was, and no commits of a checkout", () => {
  const { argv, columns } = commandOf("ai-saas", "deployed");
  expect(argv?.join(" ")).not.toContain("git");
  expect(columns).toMatchObject({ release: "revision", at: "deployed_at" });
});
