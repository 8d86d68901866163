import { describe, expect, it } from "vitest";
import {
  firstOf,
  judgeContainers,
  makeContainer,
  makeEnded,
  makeUnhealthy,
  secondsAgo,
} from "../../make/container.ts";

describe("a health check that fails", () => {
  const RUNC = "OCI runtime exec failed: exec failed: unable to start container process: exec: ";
  it.each([
    [
      -1,
      `${RUNC}"curl": executable file not found in $PATH: unknown`,
      "program it calls is not in the image",
    ],
    [-1, `${RUNC}"/bin/sh": stat /bin/sh: no such file or directory: unknown`, "no shell"],
    [-1, `${RUNC}"/check.sh": permission denied: unknown`, "may not be executed"],
    [
      -1,
      "rpc error: code = 2 desc = oci runtime error: exec failed: invalid environment 'NODE_ID'",
      "cannot run it",
    ],
    [1, "/bin/sh: curl: not found", "program it calls is not in the image"],
    [1, "/bin/sh: 1: wget: not found", "program it calls is not in the image"],
    [1, "bash: line 1: nc: command not found", "program it calls is not in the image"],
    [127, "", "program it calls is not in the image"],
    [1, "wget: unrecognized option: spider", "option its program does not know"],
    [22, "curl: (22) The requested URL returned error: 404", "not to this request"],
    [1, "wget: server returned error: HTTP/1.1 401 Unauthorized", "not to this request"],
    [60, "curl: (60) SSL certificate problem: self-signed certificate", "another protocol"],
    [6, "curl: (6) Could not resolve host: shop.example.org", "name that does not resolve"],
    [
      1,
      "Connecting to localhost ([::1]:8080)\nwget: can't connect to remote host: Connection refused",
      "::1",
    ],
    [
      -1,
      "Health check exceeded timeout (10s):   ->  celery@1: OK\n        pong",
      "later than the check may take",
    ],
  ])("says nothing of the service: %i %s", (exitCode, output, words) => {
    const { findings, remedies } = judgeContainers({
      containers: [makeUnhealthy({ exitCode, output })],
      events: [],
    });
    expect(findings).toMatchObject([{ id: "check:api", severity: "warning", remedies: ["correctCheck"] }]);
    expect(firstOf({ findings }).title).toContain(words);
    expect(firstOf({ findings }).because).toContain("nothing is known of the service");
    expect(Object.keys(remedies)).toEqual(["correctCheck"]);
  });

  it.each([
    [7, "curl: (7) Failed to connect to 127.0.0.1 port 8080: Connection refused", true],
    [-1, "Health check exceeded timeout (5s)", true],
    [52, "curl: (52) Empty reply from server", true],
    [1, "", true],
    [22, "curl: (22) The requested URL returned error: 503", false],
    [1, "LOADING Redis is loading the dataset in memory", false],
    [1, "queue is stuck", false],
  ])("says that the service is ill: %i %s", (exitCode, output, hangs) => {
    const remediesOf = (more: object) => {
      const { findings } = judgeContainers({
        containers: [makeUnhealthy({ exitCode, output }, more)],
        events: [],
      });
      expect(findings).toMatchObject([{ id: "unhealthy:api", severity: "critical" }]);
      return firstOf({ findings }).remedies;
    };
    // It was well for most of two hours; the other never was: a restart of that one changes nothing.
    expect(remediesOf({}).includes("restart")).toBe(hangs);
    expect(remediesOf({ failingStreak: 480 })).not.toContain("restart");
    expect(remediesOf({ protected: true })).not.toContain("restart");
  });

  it("a dependency that the check names is not mended by a restart", () => {
    const ill = makeUnhealthy({ exitCode: 1, output: "db: connection refused" });
    const { findings } = judgeContainers({ containers: [ill, makeContainer({ name: "db" })], events: [] });
    expect(firstOf({ findings }).remedies).toEqual(["fixCrash"]);
  });

  it("restarts that something asked for again and again have not helped, one more is not offered", () => {
    const ill = makeUnhealthy({ exitCode: 7, output: "connection refused" });
    const heals = [3000, 2000, 1000].flatMap(
      (ago) =>
        [
          [ago + 1, "api", "kill", "15"],
          [ago, "api", "die", 143],
          [ago, "api", "start"],
        ] as const,
    );
    const seen = (events: typeof heals) => firstOf(judgeContainers({ containers: [ill], events }));
    expect(seen(heals).because).toContain("restarted on request 3 times within the last hour");
    expect(seen(heals).remedies).not.toContain("restart");
    expect(seen([]).remedies).toContain("restart");
  });

  it("a kill for memory within the hour may be why, and is answered first", () => {
    const ill = makeUnhealthy({ exitCode: -1, output: "Health check exceeded timeout (5s)" });
    const judged = judgeContainers({ containers: [ill], events: [[60, "api", "oom"]] });
    expect(firstOf(judged).remedies).toEqual(["raiseMemory", "fixCrash"]);
  });

  it("one that never passed and started a moment ago may be early", () => {
    const { findings } = judgeContainers({
      containers: [makeUnhealthy({ exitCode: 7, output: "connection refused" }, { uptimeSeconds: 40 })],
      events: [],
    });
    expect(firstOf({ findings }).because).toContain("may still be starting (start_period: none)");
  });
});

describe("who waits for whom", () => {
  const web = (condition: string) =>
    makeContainer({
      ...{ name: "web", state: "created", uptimeSeconds: null, startedAt: "0001-01-01T00:00:00Z" },
      dependsOn: [{ service: "db", condition }],
    });

  it("the unhealthy dependency comes first; who waits is not started", () => {
    const db = makeUnhealthy({ exitCode: 1, output: "" }, { name: "db", failingStreak: 700 });
    const { findings, remedies } = judgeContainers({ containers: [web("service_healthy"), db], events: [] });
    expect(findings.map(({ id }) => id)).toEqual(["unhealthy:db", "waits:web"]);
    expect(findings[1]?.title).toBe("web was never started: it waits for db, which is unhealthy");
    expect(Object.keys(remedies)).toEqual(["fixCrash"]);
  });

  it("also where only the one that waits was asked for", () => {
    const db = makeUnhealthy({ exitCode: 1, output: "" }, { name: "db" });
    const { findings } = judgeContainers({
      containers: [web("service_healthy"), db],
      events: [],
      service: "web",
    });
    expect(findings.map(({ id }) => id)).toEqual(["unhealthy:db", "waits:web"]);
  });

  it("a job that ended well lets it go on, and is no problem itself", () => {
    const job = makeEnded(0, { name: "db", ports: [{ container: "1/tcp", hostIp: "", hostPort: 1 }] });
    const { findings } = judgeContainers({
      containers: [web("service_completed_successfully"), job],
      events: [],
    });
    expect(findings).toMatchObject([{ id: "stopped:web", remedies: ["start"] }]);
  });

  it("a job that failed explains it; one that runs is waited for", () => {
    const condition = "service_completed_successfully";
    const failed = judgeContainers({
      containers: [web(condition), makeEnded(3, { name: "db" })],
      events: [],
    });
    expect(failed.findings.map(({ id }) => id)).toEqual(["exited:db", "waits:web"]);
    const runs = judgeContainers({ containers: [web(condition), makeContainer({ name: "db" })], events: [] });
    expect(runs.findings).toMatchObject([{ id: "waits:web", severity: "info" }]);
  });

  it.each([
    ["has no health check", makeContainer({ name: "db" })],
    ["is still starting", makeContainer({ name: "db", health: "starting" })],
    ["is exited", makeEnded(0, { name: "db" })],
  ])("%s", (words, db) => {
    const { findings } = judgeContainers({ containers: [web("service_healthy"), db], events: [] });
    expect(findings.find(({ id }) => id === "waits:web")?.title).toContain(words);
  });

  it("who says that it does not reach one that is down follows from it, however long ago that was stopped", () => {
    const db = makeEnded(0, { name: "db", restartPolicy: "always", finishedAt: secondsAgo(10_000) });
    const api = makeEnded(1);
    const logs = { api: ["Error: getaddrinfo ENOTFOUND db"] };
    const { findings } = judgeContainers({ containers: [api, db], events: [], logs });
    expect(findings.map(({ id }) => id)).toEqual(["stopped:db", "exited:api"]);
    // Another error, another host, the name as a part of a path: not its doing, and an old stop is no news.
    for (const line of [
      "no such table: orders",
      "connect ECONNREFUSED cache:6379",
      "ECONNREFUSED http://cache/db/x",
    ]) {
      const other = judgeContainers({ containers: [api, db], events: [], logs: { api: [line] } });
      expect(other.findings.map(({ id }) => id)).toEqual(["exited:api"]);
    }
    const declared = { ...api, dependsOn: [{ service: "db", condition: "service_started" }] };
    const near = judgeContainers({
      containers: [declared, db],
      events: [],
      logs: { api: ["ECONNREFUSED 10.0.0.2:5432"] },
    });
    expect(near.findings.map(({ id }) => id)).toEqual(["stopped:db", "exited:api"]);
  });
});
