// Real files, a real systemd, a real dockerd and a machine of busybox alone; no value of a file may come back.
import { chmodSync, mkdirSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { envConfig } from "../../../runbooks/host/env-config.ts";
import { hostConnector } from "../../../src/connectors/host/index.ts";
import { startDocker, whyNoDocker } from "../../helpers/docker.ts";
import { workFolder } from "../../helpers/host.ts";
import { hostBench, minimalMachine, whyNoMinimal } from "../../helpers/host-bench.ts";
import { type Diagnosis, openBench } from "../../helpers/run-runbook.ts";
import { type SystemdMachine, startSystemd, whyNoSystemd } from "../../helpers/systemd.ts";
import { until } from "../../helpers/until.ts";

const SECRET = "hunter2-never-shown";
const folder = workFolder();
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const write = (name: string, ...lines: readonly string[]): string => {
  const path = join(folder, name);
  mkdirSync(join(path, ".."), { recursive: true });
  writeFileSync(path, lines.join("\n"), { mode: 0o600 });
  chmodSync(path, 0o600);
  return path;
};
const idsOf = ({ findings }: Pick<Diagnosis, "findings">) => findings.map(({ id }) => id);
const diagnose = async (
  environment: object,
  params: Record<string, unknown> = {},
  prefix: readonly string[] = [],
) => {
  const bench = hostBench(prefix, { environments: [{ name: "api", ...environment }] });
  const found = await bench.diagnose(envConfig, params).finally(() => bench.close());
  expect(JSON.stringify([found.seen, found.findings])).not.toContain("hunter2");
  return found;
};

const minimal = whyNoMinimal();
const ways: [string, string | undefined, boolean][] = [
  ["this machine", undefined, false],
  [`busybox alone (skipped: ${minimal ?? "no"})`, minimal, true],
];
describe.each(ways)("a file, on %s", (_where, why, isMinimal) => {
  let machine: ReturnType<typeof minimalMachine> | undefined;
  beforeAll(() => {
    if (isMinimal && why === undefined) machine = minimalMachine();
  });
  afterAll(() => machine?.stop());
  const look = async (lines: readonly string[], more: object = {}, params: Record<string, unknown> = {}) => {
    const file = write("app/.env", ...lines);
    if (machine === undefined) return diagnose({ file, ...more }, params);
    const inner = join(machine.root, "app.env");
    writeFileSync(inner, lines.join("\n"), { mode: 0o600 });
    return diagnose({ file: "/app.env", ...more }, params, machine.prefix);
  };

  it.skipIf(why !== undefined)("that is well: comments, quotes, empty names nobody requires", async () => {
    const found = await look(
      [
        "# the database",
        `DATABASE_URL="postgresql://app:${SECRET}@db:5432/app"`,
        "",
        `SECRET_KEY='${SECRET}#x'`,
        "SENTRY_DSN=",
        "WORKERS=4 # as many as CPUs",
      ],
      { required: ["DATABASE_URL", "SECRET_KEY"] },
    );
    expect(idsOf(found)).toEqual([]);
  });

  it.skipIf(why !== undefined)("names that are missing, empty or left as in the example", async () => {
    const found = await look(
      [
        "DATABASE_URL=postgresql://user:pass@localhost:5432/tektra",
        "SECRET_KEY=",
        "API_KEY=your_api_key_here",
        `OTHER=${SECRET}`,
      ],
      { required: ["DATABASE_URL", "SECRET_KEY"] },
      { required: "REDIS_URL, OTHER" },
    );
    expect(found.finding("missing:api").title).toBe("1 name missing for api: REDIS_URL");
    const unset = found.finding("unset:api");
    expect(unset.severity).toBe("critical");
    expect(unset.title).toContain("empty: SECRET_KEY; left as in an example: DATABASE_URL, API_KEY");
  });

  it.skipIf(why !== undefined)("lines that no reader takes as they are meant", async () => {
    const found = await look([
      "\uFEFFFIRST=1\r",
      "export SECOND=2\r",
      `${SECRET}\r`,
      "2BAD=x\r",
      "THIRD=“typographic”\r",
      "FIRST=other\r",
      `KEY="-----BEGIN\r`,
      "NOT_A_NAME=1",
    ]);
    const lines = found.finding("lines:api");
    expect(lines.title).toContain("5 lines that cannot be read as meant and 7 lines with a carriage return");
    expect(JSON.stringify(lines.evidence)).toContain("never closed");
    expect(found.finding("twice:api").title).toContain("FIRST twice, differently");
  });

  it.skipIf(why !== undefined)("a path that is not there", async () => {
    const found = await look(["TLS_CERT=/no/such/cert.pem", "DATA_DIR=/proc", "API_PREFIX=/api/v1"]);
    expect(found.finding("paths:api").title).toContain("TLS_CERT of api names a path");
  });
});

it("a file that is absent; what its example lists; one that everybody may read; none declared", async () => {
  expect((await diagnose({ file: join(folder, "gone/.env") })).finding("file-absent:api").severity).toBe(
    "critical",
  );
  write("shop/.env.example", "DATABASE_URL=", "export REDIS_URL=x", "#COMMENTED=1");
  const file = write("shop/.env", `DATABASE_URL=postgresql://app:${SECRET}@db/app`);
  chmodSync(file, 0o644);
  const found = await diagnose({ file });
  expect(found.finding("missing:api").title).toBe("1 name missing for api: REDIS_URL");
  expect(found.finding("missing:api").severity).toBe("warning");
  expect(found.finding("open-file:api").title).toContain("mode 644");
  const bench = hostBench();
  expect(idsOf(await bench.diagnose(envConfig).finally(() => bench.close()))).toEqual(["not-declared"]);
});

const missing = whyNoSystemd();
describe.skipIf(missing !== undefined)(`units (skipped: ${missing ?? "no"})`, () => {
  let machine: SystemdMachine;
  beforeAll(async () => {
    machine = await startSystemd();
  });
  afterAll(() => machine?.stop());
  afterEach(() => machine.clear("shop-api.service"));
  const file = "/etc/shop.env";
  const start = async (unit: string, ...lines: readonly string[]) => {
    writeFileSync(join(machine.root, file), lines.join("\n"), { mode: 0o600 });
    const past = Date.now() / 1000 - 60;
    utimesSync(join(machine.root, file), past, past);
    const runs = unit.includes("ExecStart=") ? "" : "ExecStart=/bin/sleep 100000\n";
    machine.unit({ "shop-api.service": `[Service]\n${unit}\n${runs}` });
    machine.sh("systemctl start shop-api");
    await until(() => machine.sh("systemctl is-active shop-api").startsWith("active"));
  };
  const look = async (changed: object = {}) => {
    const { ssh, identity, knownHosts } = machine;
    const environments = [{ name: "api", file, unit: "shop-api.service", required: ["DATABASE_URL"] }];
    const bench = openBench({
      connections: { machine: { kind: "host", ssh, identity, knownHosts, environments, ...changed } },
      connectors: [hostConnector],
    });
    const found = await bench.diagnose(envConfig).finally(() => bench.close());
    expect(JSON.stringify([found.seen, found.findings])).not.toContain("hunter2");
    return found;
  };

  it("one that has what its file says, carriage returns and all, is well", async () => {
    await start(
      `EnvironmentFile=${file}`,
      `DATABASE_URL=postgresql://app:${SECRET}@db/app\r`,
      'GREETING="a b"\r',
      "",
    );
    expect(idsOf(await look())).toEqual([]);
  });

  it("the file was edited after the start", async () => {
    await start(`EnvironmentFile=${file}`, `DATABASE_URL=postgresql://app:${SECRET}@db/app`, "WORKERS=2", "");
    writeFileSync(
      join(machine.root, file),
      `DATABASE_URL=postgresql://app:${SECRET}2@db/app\nWORKERS=2\nADDED=1\n`,
    );
    const soon = Date.now() / 1000 + 5;
    utimesSync(join(machine.root, file), soon, soon);
    const found = await look();
    expect(found.finding("stale:api").title).toContain("2 names are otherwise (ADDED, DATABASE_URL)");
    expect(found.advice("startAnew")).toContain("systemctl restart shop-api.service");
  });

  it("what systemd skips or takes too much of is named; what the unit itself sets wins", async () => {
    await start(
      `EnvironmentFile=${file}\nEnvironmentFile=/etc/other.env`.replace(
        "\nEnvironmentFile=/etc/other.env",
        "",
      ),
      `DATABASE_URL=postgresql://app:${SECRET}@db/app`,
      "export LOST=1",
      "WORKERS=4 # as many as CPUs",
      "",
    );
    const found = await look();
    expect(found.finding("ignored:api").title).toContain("did not take LOST");
    expect(found.finding("literal:api").title).toContain("WORKERS of shop-api.service");
  });

  it("a unit that reads another file: a required name it has nowhere", async () => {
    await start("Environment=OTHER=1", "WORKERS=2", "");
    const found = await look();
    expect(found.finding("missing:api").severity).toBe("critical");
    expect(found.finding("not-loaded:api").because).toContain("names no EnvironmentFile=");
    expect(found.advice("loadFile")).toContain(`EnvironmentFile=${file}`);
  });

  it("a program that writes its title over its environment: what it took is not known", async () => {
    await start(
      `EnvironmentFile=${file}\nExecStart=/usr/bin/redis-server --port 0 --unixsocket /run/shop.sock --save ""`,
      `DATABASE_URL=postgresql://app:${SECRET}@db/app`,
      "WORKERS=4",
      "",
    );
    const environ = "tr -d '\\000' < /proc/$(systemctl show -p MainPID --value shop-api)/environ | wc -c";
    await until(() => Number(machine.sh(environ)) === 0);
    const found = await look();
    expect(idsOf(found)).toEqual(["could-not-look"]);
    expect(JSON.stringify(found.finding("could-not-look"))).toContain("writes its title over it");
  });

  it("whoever may not read the process is told so", async () => {
    await start(`EnvironmentFile=${file}`, `DATABASE_URL=${SECRET}`, "");
    const found = await look({ ssh: machine.sshUser });
    expect(JSON.stringify(found.finding("could-not-look"))).toContain("belongs to another user");
  });
});

const noDocker = whyNoDocker();
it.skipIf(noDocker !== undefined)(
  `a container has its environment from its start (skipped: ${noDocker ?? "no"})`,
  async () => {
    const engine = await startDocker();
    try {
      const id = await engine.run({
        ...{ name: "api", project: "shop", command: ["sleep", "1000"] },
        more: { Env: [`DATABASE_URL="postgresql://app:${SECRET}@localhost/app"`, "WORKERS=2"] },
      });
      const file = write(
        "docker/.env",
        `DATABASE_URL="postgresql://app:${SECRET}@localhost/app"`,
        "WORKERS=2",
      );
      const past = Date.now() / 1000 - 60;
      utimesSync(file, past, past);
      const prefix = ["env", `DOCKER_HOST=unix://${engine.socket}`];
      const found = await diagnose(
        { file, container: id, required: ["DATABASE_URL", "SECRET_KEY"] },
        {},
        prefix,
      );
      expect(idsOf(found)).toEqual([`missing:api`, "literal:api", "localhost:api"]);
      const onHost = await engine.run({
        ...{ name: "agent", project: "shop", command: ["sleep", "1000"] },
        more: { Env: [`DATABASE_URL=postgresql://app:${SECRET}@localhost/app`] },
        host: { NetworkMode: "host" },
      });
      // On the machine's network, localhost is the machine.
      const agent = await diagnose({ container: onHost, required: ["DATABASE_URL"] }, {}, prefix);
      expect(idsOf(agent)).toEqual([]);
      await engine.api.getContainer(id).stop({ t: 0 });
      const stopped = await diagnose({ container: id, required: ["DATABASE_URL", "SECRET_KEY"] }, {}, prefix);
      expect(stopped.finding("missing:api").title).toContain("SECRET_KEY");
    } finally {
      await engine.stop();
    }
  },
);
