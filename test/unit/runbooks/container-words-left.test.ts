import { describe, expect, it } from "vitest";
import {
  firstOf,
  judgeContainers,
  makeContainer,
  makeEnded,
  makeUnhealthy,
  secondsAgo,
} from "../../make/container.ts";

// What engines and checks said in public reports; each was taken for another thing, or for nothing.
const notStarted = (error: string) =>
  judgeContainers({
    containers: [
      makeContainer({
        ...{ state: "created", uptimeSeconds: null, exitCode: 128, error },
        startedAt: "0001-01-01T00:00:00Z",
      }),
    ],
  });

describe("refusals of the engine", () => {
  const RUNC = "OCI runtime create failed: runc create failed: unable to start container process: ";
  it.each([
    [
      "error while creating mount source path '/mnt/nas/data': mkdir /mnt/nas: file exists",
      "a mount that is dead",
    ],
    [
      "failed to mount local volume: mount :/x:/var/lib/docker/volumes/x/_data, data: addr=10.0.0.5: permission denied",
      "the file server refuses",
    ],
    ["error while mounting volume '': VolumeDriver.Mount: exit status 32", "the plugin of its volume"],
    ["get data: no such volume", "its volume is gone"],
    [
      "lsetxattr(label=system_u:object_r:container_file_t:s0) /srv/data: operation not permitted",
      "takes no SELinux label",
    ],
    [
      "adding interface veth123 to bridge br-abc failed: could not find bridge br-abc: no such network interface",
      "bridge is gone",
    ],
    ["no available IPv4 addresses on this network's address pools: shop_default", "no address left"],
    [
      "error starting userland proxy: listen tcp6 [::]:8080: socket: address family not supported by protocol",
      "IPv6",
    ],
    [
      "setting up Pasta: pasta failed with exit code 1: Failed to bind port 80 (Permission denied)",
      "Podman's network helper",
    ],
    [
      `${RUNC}unable to apply cgroup configuration: write /sys/fs/cgroup/cpuset/docker/x/cpuset.cpus: numerical result out of range`,
      "the CPUs it names",
    ],
    [
      "crun: cannot set memory limit in rootless mode without cgroup v2 delegation",
      "without root may not set",
    ],
    [`Unit docker-${"ab".repeat(32)}.scope already exists.`, "remains of its last run"],
    [`${RUNC}can't get final child's PID from pipe: EOF`, "the runtime's helper ended"],
    [
      "create new shim socket: listen unix /run/containerd/s/x: bind: no space left on device",
      "/run of the machine is full",
    ],
    ["container is marked for removal and cannot be started", "being removed"],
    ['The container name "/web" is already in use by container "abc".', "another container has its name"],
    [
      "pull access denied for shop/api, repository does not exist or may require 'docker login'",
      "may not be pulled",
    ],
    [
      "exposing port TCP 0.0.0.0:50051 -> 0.0.0.0:0: ports are not available: bind: An attempt was made to access a socket in a way forbidden by its access permissions.",
      "Windows keeps the port",
    ],
    // Decoys: the general words alone mean what they meant.
    [
      `${RUNC}error mounting "proc" to rootfs at "/proc": mount proc:/proc: operation not permitted`,
      "the machine does not permit it",
    ],
    ["mkdir /var/lib/docker/overlay2/abc-init: no space left on device", "the engine's disk is full"],
    ["crun: write to `/sys/fs/cgroup/x/cgroup.procs`: Permission denied", "its control group cannot be made"],
    [`${RUNC}exec: "./start.sh": permission denied`, "its program may not be executed"],
  ])("%s: %s", (error, words) => expect(firstOf(notStarted(error)).title).toContain(words));

  it("a port that somebody has stays one that somebody has", () => {
    const { findings } = notStarted(
      "failed to bind host port for 0.0.0.0:80:172.18.0.2:80/tcp: address already in use",
    );
    expect(firstOf({ findings }).title).toContain("port 80 is taken");
  });
});

describe("health checks", () => {
  const probe = (exitCode: number, output: string) =>
    firstOf(judgeContainers({ containers: [makeUnhealthy({ exitCode, output })], events: [] }));
  it.each([
    [-1, "cannot exec in a stopped container", "check:api", "did not run when it was asked"],
    [
      -1,
      "current working directory is outside of container mount namespace root -- possible container breakout detected",
      "check:api",
      "working folder is gone",
    ],
    [-1, "unable to find user app: no matching entries in passwd file", "check:api", "user is not known"],
    [1, "exec /healthcheck.sh: exec format error", "check:api", "script cannot be executed"],
    [
      -1,
      "OCI runtime exec failed: write /tmp/runc-process123: no space left on device",
      "check:api",
      "a disk is full",
    ],
    [139, "", "check:api", "its own program crashes"],
    [3, "pg_isready: 127.0.0.1:5432 - no attempt", "check:api", "an option its program does not know"],
    [1, "wget: bad port '${PORT}'", "check:api", "address it asks is not one"],
    [1, "urllib.error.HTTPError: HTTP Error 400: Bad Request", "check:api", "does not take this request"],
    [1, "wget: too many redirections", "check:api", "a redirect"],
    [
      1,
      "curl: (77) error setting certificate file: /etc/ssl/certs/ca-certificates.crt",
      "check:api",
      "http or https",
    ],
    [137, "", "unhealthy:api", "the check itself was killed"],
    [124, "", "unhealthy:api", "does not answer in time"],
    [
      1,
      "cat: can't open '/tmp/healthy': No such file or directory",
      "unhealthy:api",
      "the file it looks for",
    ],
    [
      1,
      "Error: unable to perform an operation on node 'rabbit@abc'.",
      "unhealthy:api",
      "says that it is not ready",
    ],
    [1, "healthcheck innodb_initialized failed", "unhealthy:api", "says that it is not ready"],
    // Decoys.
    [22, "curl: (22) The requested URL returned error: 503", "unhealthy:api", "answers that it is not well"],
    [1, "Error: connect ENOENT /var/run/app.sock", "unhealthy:api", "nothing listens"],
    [127, "sh: curl: not found", "check:api", "a program it calls is not in the image"],
  ])("%i %s: %s, %s", (code, output, id, words) => {
    const found = probe(code, output);
    expect(found.id).toBe(id);
    expect(found.title).toContain(words);
    if (id === "check:api") expect(found.remedies).not.toContain("restart");
  });
});

describe("how containers end", () => {
  it("all at once: the machine or the engine, not each by itself; one alone is", () => {
    const all = [makeEnded(137, { name: "a" }), makeEnded(137, { name: "b" }), makeEnded(143, { name: "c" })];
    expect(firstOf(judgeContainers({ containers: all, events: [] })).id).toBe("ended-together");
    const apart = all.map((one, n) => ({ ...one, finishedAt: secondsAgo(300 + n * 60) }));
    expect(firstOf(judgeContainers({ containers: apart, events: [] })).id).not.toBe("ended-together");
    // An error of its own is one, whoever else ended.
    const own = [makeEnded(1, { name: "api" }), makeEnded(1, { name: "b" }), makeEnded(1, { name: "c" })];
    expect(firstOf(judgeContainers({ containers: own, events: [] })).id).not.toBe("ended-together");
  });

  it("every ten minutes is not soon after every start", () => {
    const ends = (gap: number) =>
      [3, 2, 1, 0].flatMap((n) => [
        [n * gap + 60, "api", "die", 1] as const,
        [n * gap + 60, "api", "start"] as const,
      ]);
    const containers = [
      makeContainer({
        restartCount: 40,
        restartPolicy: "always",
        uptimeSeconds: 60,
        startedAt: secondsAgo(60),
      }),
    ];
    expect(firstOf(judgeContainers({ containers, events: ends(900) })).because).toContain(
      "about every 15 min",
    );
    expect(firstOf(judgeContainers({ containers, events: ends(20) })).because).toContain(
      "soon after every start",
    );
  });

  it("removed just now is said of what was asked for only; dead says what holds it", () => {
    const containers = [makeContainer({ state: "removing", uptimeSeconds: null })];
    expect(judgeContainers({ containers }).findings).toEqual([]);
    expect(firstOf(judgeContainers({ containers, service: "api" })).title).toBe("api is being removed");
    const dead = makeContainer({
      ...{ state: "dead", uptimeSeconds: null },
      error: "unlinkat /var/lib/docker/overlay2/x: device or resource busy",
    });
    expect(firstOf(judgeContainers({ containers: [dead] })).remedies).toEqual(["fixStart", "recreate"]);
  });
});
