// Emulated: what /proc and the control groups say of machines that no test can make here.
import { describe, expect, it } from "vitest";
import { fileFindings, inotifyFindings, taskFindings } from "../../../../runbooks/host/limits-handles.ts";
import { judgeHandles } from "../../../../src/connectors/host/handles.ts";
import { inotifyOf, usersOf } from "../../../../src/connectors/host/handles-parsing.ts";

const GROUP = "/sys/fs/cgroup/kubepods.slice/pod1";
interface Made {
  fileNr?: string;
  fds?: number;
  soft?: string;
  watches?: number;
  tasks?: string;
  threads?: number;
  uid?: number;
}
const said = ({
  fileNr = "900\t0\t9223372036854775807",
  fds = 10,
  soft = "1024",
  watches = 3,
  tasks = "5",
  threads = 4,
  uid = 1000,
}: Made) =>
  [
    `${fileNr}\n30000\n32768\n2/300\n0\n`,
    `/proc/9/limits:Max open files            ${soft}                 4096              files     \n/proc/9/limits:Max processes             100                 100                processes \n`,
    `/proc/9/status:Name:\tjava\n/proc/9/status:Uid:\t${uid}\t${uid}\t${uid}\t${uid}\n/proc/9/status:Threads:\t${threads}\n`,
    `/proc/9/fd ${fds}\n`,
    `at 9\nkind ${fds - 2} sockets\nkind 2 files\nfolder 2 /var/log/app\n`,
    "128\n8192\n",
    `/proc/9/fdinfo/7:${watches}\n/proc/9/fdinfo/8:0\n`,
    `${GROUP}/pids.current:${tasks}\n${GROUP}/pids.max:100\n/sys/fs/cgroup/x/pids.max:max\n/sys/fs/cgroup/x/pids.current:9000\n`,
  ].join("==\n");
const findings = (made: Made) => {
  const seen = judgeHandles(said(made));
  return [...fileFindings(seen), ...taskFindings(seen), ...inotifyFindings(seen)];
};

describe("limits of handles", () => {
  it("a well machine: no limit of files, groups without one, few of everything", () => {
    expect(findings({})).toEqual([]);
    // 9,000 open files are many, and far from its own limit.
    expect(findings({ fds: 9_000, soft: "65536" })).toEqual([]);
    expect(findings({ fds: 9_000, soft: "unlimited" })).toEqual([]);
  });

  it("a process near its own limit, with what its descriptors are", () => {
    const [finding, ...more] = findings({ fds: 1_020 });
    expect(more).toEqual([]);
    expect(finding).toMatchObject({ id: "files:9", severity: "critical" });
    expect(finding?.title).toBe("java (pid 9) has 1020 of 1024 files open (100 % of its limit)");
    expect(finding?.because).toContain("Most of them (1018) are connections");
  });

  it("the machine's own limit", () => {
    expect(findings({ fileNr: "95000\t0\t100000" })).toMatchObject([
      { id: "files-machine", severity: "warning" },
    ]);
  });

  it("watches, tasks of a group and processes of a user; root is not held to nproc", () => {
    expect(findings({ watches: 8_000 })).toMatchObject([
      { id: "inotify-watches:1000", severity: "critical" },
    ]);
    expect(findings({ tasks: "99" })).toMatchObject([{ id: "tasks-group:/kubepods.slice/pod1" }]);
    expect(findings({ threads: 98 })).toMatchObject([{ id: "tasks-user:1000" }]);
    expect(findings({ threads: 98, uid: 0 })).toEqual([]);
  });

  it("most of the instances are another program's than most of the watches, and a user short of either is seen", () => {
    const of = (pid: number, sizes: readonly number[]) =>
      sizes.map((watches, fd) => `/proc/${pid}/fdinfo/${fd}:${watches}`);
    const text = [
      ...of(1, [6_000]),
      ...of(2, new Array<number>(125).fill(1)),
      ...[3, 4, 5, 6, 7].flatMap((pid) => of(pid, [500 + pid])),
    ].join("\n");
    const process = (name: string, uid: number) => ({ name, uid, threads: 1, files: null, tasks: null });
    const processes = new Map([
      [1, process("node", 1000)],
      [2, process("kubelet", 0)],
      ...[3, 4, 5, 6, 7].map((pid) => [pid, process("editor", 2_000 + pid)] as const),
    ]);
    const seen = inotifyOf("128\n8192\n", text, processes);
    expect(seen?.users[0]).toEqual({
      ...{ uid: 0, instances: 125, watches: 125 },
      mostOf: { instances: { name: "kubelet", n: 125 }, watches: { name: "kubelet", n: 125 } },
    });
    const both = inotifyOf("128\n8192\n", text, new Map([...processes, [1, process("node", 0)]]));
    expect(both?.users[0]?.mostOf).toEqual({
      ...{ instances: { name: "kubelet", n: 125 }, watches: { name: "node", n: 6_000 } },
    });
  });

  it("the process with the most of the machine's files need not have most of them", () => {
    const [few] = findings({ fileNr: "95000\t0\t100000" });
    expect(few?.title).toContain(", the largest part of them of java (pid 9: 10)");
    const [most] = findings({ fileNr: "95000\t0\t100000", fds: 60_000, soft: "unlimited" });
    expect(most?.title).toContain(", most of them of java (pid 9: 60000)");
  });

  it("processes whose descriptors may not be seen are said with their share", () => {
    const seen = judgeHandles(said({}).replace("/proc/9/fd 10\n", "").replace("2/300\n0\n", "2/300\n1000\n"));
    expect(seen.notSeen).toMatchObject([
      { what: "open files of 1 of 1 processes" },
      { what: "inotify watches of other users" },
    ]);
  });
});

it("a process that may start nothing on purpose says nothing of its user", () => {
  const of = (tasks: number | null, threads = 1, uid = 998) => ({
    name: "x",
    uid,
    threads,
    files: 1024,
    tasks,
  });
  const users = (...all: ReturnType<typeof of>[]) =>
    usersOf(new Map(all.map((one, pid) => [pid + 100, one])));
  // A hardened unit (LimitNPROC=1), alone and beside others of its user.
  expect(users(of(1))).toEqual([]);
  expect(users(of(1), of(4_096, 90), of(4_096, 10))).toMatchObject([{ uid: 998, tasks: 101, limit: 4_096 }]);
  expect(users(of(100, 60), of(100, 38))).toMatchObject([{ limit: 100, ratio: 0.98 }]);
  expect(users(of(null, 500))).toEqual([]);
  expect(users(of(50, 50, 0))).toEqual([]);
});
