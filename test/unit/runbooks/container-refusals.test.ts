import { describe, expect, it } from "vitest";
import { firstOf, judgeContainers, makeContainer, makeEnded } from "../../make/container.ts";

describe("what the engine refuses", () => {
  const refused = (error: string, more: object = {}) =>
    judgeContainers({
      containers: [makeEnded(128, { error, ...more })],
      strangers: [{ port: 8080, container: "proxy", project: "edge" }],
    });
  it.each([
    [
      "error while creating mount source path '/x': mkdir /x: no space left on device",
      "disk is full",
      "freeDisk",
    ],
    [
      "mkdir /sys/fs/cgroup/memory/docker/1: cannot allocate cgroup: no space left on device",
      "control group",
      "fixStart",
    ],
    [
      'error mounting "/a/b.conf" to rootfs at "/b.conf": not a directory: unknown: Are you trying to mount a directory onto a file (or vice-versa)?',
      "joins a file and a folder",
      "fixStart",
    ],
    ['exec: "gunicorn": executable file not found in $PATH: unknown', "not in the image", "fixStart"],
    ["exec /entrypoint.sh: exec format error", "not for this machine", "fixImage"],
    [
      'could not select device driver "nvidia" with capabilities: [[gpu]]',
      "no driver for the device",
      "fixStart",
    ],
    ["unknown or invalid runtime name: nvidia", "runtime is not known", "fixStart"],
    ["network 4f0c not found", "network is gone", "recreate"],
    ["Pool overlaps with other one on this address space", "no address range", "fixStart"],
    [
      "iptables failed: iptables --wait -t nat -A DOCKER: iptables: No chain/target/match by that name.",
      "firewall rules",
      "fixStart",
    ],
    [
      "error setting rlimits for ready process: error setting rlimit type 7: operation not permitted",
      "ulimit",
      "fixStart",
    ],
    [
      "failed to initialize logging driver: dial tcp 127.0.0.1:24224: connect: connection refused",
      "where its log goes",
      "fixStart",
    ],
    [
      'error gathering device information while adding custom device "/dev/ttyUSB0": no such file or directory',
      "a device it wants",
      "fixStart",
    ],
    ["cannot join network of a non running container: 1a2b", "whose network it shares", "repairDependency"],
    ["rootlessport cannot expose privileged port 80", "below 1024", "fixStart"],
    [
      "crun: executable file `web` not found in $PATH: No such file or directory: OCI runtime attempted to invoke a command that was not found",
      "not in the image",
      "fixStart",
    ],
  ])("%s", (error, words, remedy) => {
    const { findings } = refused(error);
    expect(findings).toMatchObject([{ id: "start:api", remedies: [remedy] }]);
    expect(firstOf({ findings }).title).toContain(words);
    expect(firstOf({ findings }).because).toContain("The engine says: ");
  });

  it("names who has the port, in whatever project", () => {
    const taken = (port: number) =>
      firstOf(refused(`Bind for 0.0.0.0:${port} failed: port is already allocated`));
    expect(taken(8080)).toMatchObject({ id: "port:api", remedies: ["freePort"] });
    expect(taken(8080).because).toContain("Container proxy of project edge has port 8080");
    expect(taken(9090).because).toContain("No container of this engine publishes it");
  });

  it("says what it does not know in the engine's own words", () => {
    expect(firstOf(refused("something new")).because).toBe("The engine says: something new");
  });
});

describe("swarm", () => {
  const task = (name: string, more: object) => ({
    ...makeEnded(1, { name, service: "web", isTask: true }),
    ...more,
  });
  it("ended tasks are history where one runs", () => {
    const now = { state: "running", exitCode: 0, uptimeSeconds: 5 };
    expect(
      judgeContainers({ containers: [task("web.1.a", {}), task("web.1.b", now)], events: [] }).findings,
    ).toEqual([]);
  });
  it("none runs: swarm is asked, nothing is started by hand", () => {
    const { findings } = judgeContainers({ containers: [task("web.1.a", {})], events: [] });
    expect(findings).toMatchObject([{ id: "exited:web.1.a", remedies: ["fixCrash"] }]);
  });
});

it("names without labels are found by their service, and long ones end nothing", () => {
  const old = makeEnded(1, { name: "shop_api_1" });
  const { findings } = judgeContainers({ containers: [old], events: [], service: "api" });
  expect(findings).toMatchObject([{ id: "exited:shop_api_1" }]);
  const name = `a${"long-".repeat(22)}1`;
  const long = judgeContainers({
    containers: [makeEnded(1, { name })],
    events: [],
    logs: { [name]: ["boom"] },
  });
  expect(firstOf(long).title).toContain(name);
  expect(firstOf(long).id.length).toBeLessThanOrEqual(100);
});

describe("memory close to a limit", () => {
  const MIB = 1024 * 1024;
  const usage = (parts: { programs: number; shared: number; kernel: number; cache: number }) => ({
    ...{ container: "id-api", name: "api", memoryLimit: 64 * MIB, limited: true, cpus: 0, throttled: null },
    memory: (parts.programs + parts.shared + parts.kernel) * MIB,
    parts: Object.fromEntries(Object.entries(parts).map(([name, mib]) => [name, mib * MIB])),
    processes: 1,
  });
  const found = (parts: Parameters<typeof usage>[0]) =>
    judgeContainers({
      containers: [makeContainer({ memoryLimit: 64 * MIB })],
      events: [],
      usage: [usage(parts)],
    });

  it("full of file cache it is healthy", () => {
    expect(found({ programs: 1, shared: 0, kernel: 2, cache: 60 }).findings).toEqual([]);
  });
  it("full of programs it is not, and the parts add up", () => {
    const { findings, remedies } = found({ programs: 60, shared: 0, kernel: 1, cache: 3 });
    expect(findings).toMatchObject([
      { id: "near-memory-limit:api", severity: "warning", remedies: ["raiseMemory"] },
    ]);
    expect(remedies.raiseMemory?.advice).toContain("api needs more than 64 MiB");
  });
  it("files in memory count, and are named", () => {
    expect(firstOf(found({ programs: 5, shared: 55, kernel: 1, cache: 1 })).because).toContain("tmpfs");
  });
});
