import { describe, expect, it } from "vitest";
import { firstOf, judgeContainers, makeContainer, makeEnded, secondsAgo } from "../../make/container.ts";

describe("exit code 137 is not always memory", () => {
  const slow = { restartPolicy: "unless-stopped" };
  const stop = [
    [310, "api", "start"],
    [304, "api", "kill", "15"],
    [301, "api", "kill", "9"],
    [300, "api", "die", 137],
    [300, "api", "stop"],
  ] as const;

  it("stopped on request, SIGKILL after the grace period", () => {
    const { findings } = judgeContainers({ containers: [makeEnded(137, slow)], events: stop });
    expect(findings).toMatchObject([{ id: "stopped:api", severity: "warning", remedies: ["start"] }]);
    expect(firstOf({ findings }).title).toBe(
      "api was stopped on request 5 min ago, by SIGKILL after the grace period",
    );
    expect(firstOf({ findings }).because).not.toMatch(/memory|OOM/);
  });

  it("the same once the engine has forgotten it: its policy would have brought it back", () => {
    const { findings } = judgeContainers({
      containers: [makeEnded(137, slow)],
      events: [],
      forgotBefore: Date.parse(secondsAgo(33)) / 1000,
    });
    expect(firstOf({ findings }).title).toContain("stopped on request 5 min ago, by SIGKILL");
    expect(firstOf({ findings }).because).toContain("no longer remembers");
    expect(firstOf({ findings }).because).not.toMatch(/memory|OOM/);
  });

  it("is no alarm where an operator stopped it long ago, and is one where it was asked for", () => {
    const long = makeEnded(137, { ...slow, startedAt: secondsAgo(90_000), finishedAt: secondsAgo(80_000) });
    expect(judgeContainers({ containers: [long], events: [] }).findings).toEqual([]);
    const { findings } = judgeContainers({ containers: [long], events: [], service: "api" });
    expect(findings).toMatchObject([{ id: "stopped:api", severity: "critical" }]);
    expect(firstOf({ findings }).title).toContain("22 hours ago");
  });

  it("killed for memory: the engine noted it", () => {
    const containers = [makeEnded(137, { oomKilled: true, memoryLimit: 33_554_432 })];
    const { findings, remedies } = judgeContainers({ containers, events: [[300, "api", "die", 137]] });
    expect(findings).toMatchObject([{ id: "memory:api", remedies: ["start", "raiseMemory"] }]);
    expect(remedies.raiseMemory?.advice).toContain("--memory 48m");
  });

  it("the flag of a killed child on a clean end or another code is no kill of the container", () => {
    for (const code of [0, 1]) {
      const { findings } = judgeContainers({
        containers: [
          makeEnded(code, { oomKilled: true, ports: [{ container: "80/tcp", hostIp: "", hostPort: 80 }] }),
        ],
        events: [[300, "api", "die", code]],
        logs: { api: [] },
      });
      expect(firstOf({ findings }).title).not.toContain("killed for memory");
    }
  });

  it("by docker kill", () => {
    const { findings } = judgeContainers({
      containers: [makeEnded(137)],
      events: [
        [301, "api", "kill", "9"],
        [300, "api", "die", 137],
      ],
    });
    expect(firstOf({ findings }).title).toBe("api was killed on request 5 min ago");
  });

  it("nobody knows: either, or, and what tells them apart", () => {
    const remembered = judgeContainers({ containers: [makeEnded(137)], events: [[300, "api", "die", 137]] });
    expect(firstOf(remembered).because).toMatch(/neither a kill for memory nor a request.* either .* or /);
    const forgotten = judgeContainers({ containers: [makeEnded(137)], events: [] });
    expect(firstOf(forgotten).because).toMatch(/no longer remembers who sent it: either .* or /);
    expect(forgotten.remedies.fixCrash?.advice).toContain("journalctl -k");
  });

  it("a child of one that runs on was killed at its limit", () => {
    const { findings } = judgeContainers({
      containers: [makeContainer({ memoryLimit: 33_554_432 })],
      events: [
        [600, "api", "oom"],
        [60, "api", "oom"],
      ],
    });
    expect(findings).toMatchObject([{ id: "memory:api", severity: "warning", remedies: ["raiseMemory"] }]);
    expect(firstOf({ findings }).because).toContain("a child of it at its memory limit of 32 MiB");
  });
});

describe("a kill for memory the engine no longer remembers", () => {
  const containers = [makeContainer({ oomKilled: true, memoryLimit: 33_554_432 })];
  it("is known by the flag, which says nothing of when", () => {
    const forgot = Date.parse(secondsAgo(33)) / 1000;
    const { findings } = judgeContainers({ containers, events: [], forgotBefore: forgot });
    expect(findings).toMatchObject([{ id: "memory:api", severity: "warning" }]);
    expect(firstOf({ findings }).title).toContain("since its start");
    expect(firstOf({ findings }).because).toContain("no longer remembers");
  });
  it("was more than an hour ago where the hour is remembered", () => {
    expect(judgeContainers({ containers, events: [] }).findings).toEqual([]);
  });
});

describe("what happened before the last start is no reason for how it ended now", () => {
  it("stop, start, crash", () => {
    const { findings } = judgeContainers({
      containers: [makeEnded(7, { startedAt: secondsAgo(306) })],
      events: [
        [3600, "api", "kill", "15"],
        [3599, "api", "die", 143],
        [3599, "api", "stop"],
        [306, "api", "start"],
        [300, "api", "die", 7],
      ],
      logs: { api: ["fatal: no such table"] },
    });
    expect(findings).toMatchObject([{ id: "exited:api", severity: "critical" }]);
    expect(firstOf({ findings }).title).toBe("api exited with code 7 5 min ago");
    expect(firstOf({ findings }).because).toContain("fatal: no such table");
  });

  it("a reload (SIGHUP) through the engine is no request to end", () => {
    const { findings } = judgeContainers({
      containers: [makeEnded(1)],
      events: [
        [305, "api", "kill", "1"],
        [300, "api", "die", 1],
      ],
    });
    expect(firstOf({ findings }).id).toBe("exited:api");
  });
});

describe("a code that is no choice of the program", () => {
  it("132 without a log: the CPU lacks what the image wants; no restart", () => {
    const { findings, remedies } = judgeContainers({
      containers: [
        makeContainer({
          ...{ state: "restarting", exitCode: 132, uptimeSeconds: null, restartPolicy: "always" },
          ...{ restartCount: 6, logDriver: "none", startedAt: secondsAgo(20), finishedAt: secondsAgo(20) },
        }),
      ],
      events: [],
      logs: { api: "configured logging driver does not support reading" },
    });
    expect(findings).toMatchObject([{ id: "loop:api", remedies: ["fixImage"] }]);
    expect(firstOf({ findings }).title).toContain("an instruction its CPU does not know");
    expect(firstOf({ findings }).because).not.toContain("last lines");
    expect(remedies.fixImage?.advice).toMatch(/AVX.*(older tag|another CPU type)/);
  });

  it.each([
    [
      134,
      ["FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory"],
      "Node's own heap",
      "fixCrash",
    ],
    [134, [], "aborted itself", "fixCrash"],
    [135, [], "SIGBUS", "fixCrash"],
    [139, [], "segmentation fault", "fixCrash"],
    [143, [], "SIGTERM", "fixCrash"],
    [130, [], "SIGINT", "fixCrash"],
    [126, ["/bin/sh: ./run.sh: Permission denied"], "not permitted", "fixCrash"],
    [127, ["sh: node: not found"], "not there", "fixImage"],
    [127, ["/usr/bin/env: 'bash\\r': No such file or directory"], "Windows line ends", "fixImage"],
    [127, ["Fatal glibc error: CPU does not support x86-64-v2"], "its CPU lacks", "fixImage"],
    [1, ["exec /app/run: exec format error"], "not for this machine", "fixImage"],
    [
      1,
      ["FATAL:  database files are incompatible with server"],
      "another major version of Postgres",
      "fixImage",
    ],
    [
      1,
      ["Error: listen EADDRINUSE: address already in use :::3000"],
      "port it listens on is taken",
      "freePort",
    ],
    [1, ["OSError: [Errno 28] No space left on device"], "a disk is full", "freeDisk"],
    [1, ["Error: Cannot find module 'express'"], "part of the program", "fixImage"],
    [1, ["KeyError: 'QUEUE_URL'"], "a setting is missing", "fixCrash"],
    [1, ["connect ECONNREFUSED 172.18.0.2:5432"], "does not reach", "repairDependency"],
    [2, ["panic: runtime error: index out of range", "goroutine 1 [running]:"], "panicked", "fixCrash"],
    [78, ["bootstrap check failure: vm.max_map_count [65530] is too low"], "vm.max_map_count", "fixCrash"],
  ])("%i, %j: %s", (code, lines, words, remedy) => {
    const { findings } = judgeContainers({
      containers: [makeEnded(code)],
      events: [[300, "api", "die", code]],
      logs: { api: lines },
    });
    expect(firstOf({ findings }).title).toContain(words);
    expect(firstOf({ findings }).remedies).toContain(remedy);
  });

  it("the image's platform tells the two causes of an exec format error apart", () => {
    const logs = { api: ["exec /app/run: exec format error"] };
    const seen = (imagePlatform: string) =>
      firstOf(judgeContainers({ containers: [makeEnded(255, { imagePlatform })], logs })).because;
    expect(seen("linux/arm64")).toContain("the image is for linux/arm64, the engine is linux/amd64");
    expect(seen("linux/amd64")).toContain("It is the second");
  });

  it("what fails at every start is not started once more", () => {
    const crash = (ran: number) =>
      firstOf(
        judgeContainers({
          containers: [makeEnded(139, { startedAt: secondsAgo(300 + ran) })],
          events: [[300, "api", "die", 139]],
        }),
      ).remedies;
    expect(crash(1)).not.toContain("start");
    expect(crash(3600)).toContain("start");
  });

  it("a policy that gave up says so", () => {
    const gave = makeEnded(1, { restartPolicy: "on-failure", maxRestarts: 3, restartCount: 3 });
    const { findings } = judgeContainers({ containers: [gave], logs: { api: [] } });
    expect(firstOf({ findings }).because).toContain("gave up after 3 restarts");
    expect(firstOf({ findings }).remedies).not.toContain("start");
  });
});

describe("a loop is how often it ends now", () => {
  const back = { restartPolicy: "always", restartCount: 40, uptimeSeconds: 200, startedAt: secondsAgo(200) };
  it("a count since it was made is none", () => {
    expect(judgeContainers({ containers: [makeContainer(back)], events: [] }).findings).toEqual([]);
  });
  it("ends within the hour are", () => {
    const ends = [900, 500, 201].map((ago) => [ago, "api", "die", 3] as const);
    const { findings } = judgeContainers({ containers: [makeContainer(back)], events: ends });
    expect(firstOf({ findings }).title).toBe(
      "api restarts again and again (3 ends within 15 min, last exit code 3)",
    );
  });
  it("a program that ends well and is started for ever is told to stay", () => {
    const { findings } = judgeContainers({
      containers: [makeContainer({ ...back, state: "restarting", uptimeSeconds: null })],
      events: [],
      logs: { api: ["done"] },
    });
    expect(firstOf({ findings }).title).toContain("its program ends at once, without an error");
    expect(firstOf({ findings }).remedies).toEqual(["fixCrash"]);
  });
  it("one end is a crash it came back from", () => {
    const { findings } = judgeContainers({
      containers: [makeContainer(back)],
      events: [[201, "api", "die", 139]],
    });
    expect(findings).toMatchObject([{ id: "crashed:api", severity: "warning", remedies: ["fixCrash"] }]);
  });
  it("an end whose request the engine may have forgotten is none", () => {
    const events = [[201, "api", "die", 143]] as const;
    const seen = (forgot: number) =>
      judgeContainers({
        containers: [makeContainer(back)],
        events,
        forgotBefore: Date.parse(secondsAgo(forgot)) / 1000,
      }).findings;
    expect(seen(205)).toEqual([]);
    expect(seen(300)).toMatchObject([{ id: "crashed:api" }]);
  });
  it("a restart on request is neither", () => {
    const events = [
      [203, "api", "kill", "15"],
      [201, "api", "die", 143],
      [200, "api", "start"],
    ] as const;
    expect(judgeContainers({ containers: [makeContainer(back)], events }).findings).toEqual([]);
  });
});
