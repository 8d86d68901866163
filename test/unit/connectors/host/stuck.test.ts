// Emulated: what /proc says of threads in state D that no test can make here.
import { expect, it } from "vitest";
import { stuckFindings } from "../../../../runbooks/host/stuck.ts";
import { judgeStuck } from "../../../../src/connectors/host/stuck.ts";
import { waitsFor } from "../../../../src/connectors/host/wait-channel.ts";

interface Thread {
  id: number;
  pid?: number;
  name: string;
  parent?: number;
  state?: string;
  switches?: number;
  channel: string;
}
const look = (threads: Thread[]) =>
  threads
    .map(
      ({ id, pid = id, name, parent = 1, state = "D", switches = 5, channel }) =>
        `/proc/${id}/status:Name:\t${name}\n/proc/${id}/status:State:\t${state} (disk sleep)\n/proc/${id}/status:Tgid:\t${pid}\n/proc/${id}/status:PPid:\t${parent}\n/proc/${id}/status:voluntary_ctxt_switches:\t${switches}\n/proc/${id}/status:nonvoluntary_ctxt_switches:\t0\n/proc/${id}/wchan:${channel}\n`,
    )
    .join("");
const NFS = "40 1 0:50 / /srv/up rw - nfs4 nfs1:/export rw,hard\n41 1 8:1 / / rw - ext4 /dev/sda1 rw\n";

it("two threads of a program wait for NFS: one process, with the server and the mount", () => {
  const threads = [
    { id: 10, name: "node", channel: "rpc_wait_bit_killable" },
    { id: 11, pid: 10, name: "node", channel: "rpc_wait_bit_killable" },
    { id: 12, name: "bash", channel: "rwsem_down_read_slowpath" },
  ];
  const seen = judgeStuck(
    look(threads),
    look(threads),
    NFS,
    "[9.1] INFO: task node:10 blocked for more than 122 seconds.",
  );
  expect(seen.stuck[0]).toMatchObject({ pid: 10, threads: 2, waitsFor: "nfs" });
  const [nfs, lock] = stuckFindings(seen);
  expect(nfs).toMatchObject({ id: "stuck:nfs", severity: "critical", remedies: ["reachServer"] });
  expect(nfs?.title).toBe("1 process waits for an NFS server: node (pid 10)");
  expect(nfs?.because).toContain("/srv/up of nfs1");
  expect(nfs?.because).toContain("goes on for minutes");
  expect(nfs?.explains).toContain(lock?.id);
});

it("a busy disk is none: its readers have run in between; nor are the kernel's own threads that wait for ever", () => {
  const before = [
    { id: 10, name: "postgres", channel: "io_schedule", switches: 100 },
    { id: 11, name: "rsync", channel: "io_schedule" },
    { id: 60, name: "vmwork", parent: 2, channel: "balloon_thread" },
  ];
  const after = [
    { id: 10, name: "postgres", channel: "io_schedule", switches: 190 },
    { id: 11, name: "rsync", channel: "0", state: "R" },
    { id: 60, name: "vmwork", parent: 2, channel: "balloon_thread" },
  ];
  const seen = judgeStuck(look(before), look(after), NFS, "");
  expect(seen).toMatchObject({ seen: 3, stuck: [{ pid: 60, isKernel: true }] });
  expect(stuckFindings(seen)).toEqual([]);
});

it("a channel that is not shown is said so, not guessed", () => {
  const one = look([{ id: 10, name: "php", channel: "0" }]);
  const seen = judgeStuck(one, one, "", "");
  expect(seen.stuck).toMatchObject([{ channel: "", waitsFor: "unknown" }]);
  expect(seen.notSeen).toMatchObject([{ what: "what 1 of 1 waiting threads wait for" }]);
});

it("functions of the kernel's by what they wait for", () => {
  const names = {
    nfs4_wait_clnt_recover: "nfs",
    request_wait_answer: "fuse",
    folio_wait_bit_common: "disk",
    jbd2_log_wait_commit: "disk",
    percpu_rwsem_wait: "frozen",
    balance_dirty_pages: "memory",
    "__mutex_lock.constprop.0": "lock",
    cifs_writev: "smb",
    ep_poll: "unknown",
  };
  for (const [name, kind] of Object.entries(names)) expect(waitsFor(name), name).toBe(kind);
});
