import { describe, expect, it } from "vitest";
import { failuresOf, portOf, whyOf } from "../../../../src/connectors/host/bind-failures.ts";
import { managerOf } from "../../../../src/connectors/host/manager.ts";
import {
  isWithin,
  parsePortTable,
  socketUnitOf,
  v6OnlyOf,
} from "../../../../src/connectors/host/port-table.ts";

describe("lines about ports", () => {
  it.each([
    ["Error: listen EADDRINUSE: address already in use :::8000", "in-use", 8000],
    ["nginx: [emerg] bind() to 0.0.0.0:80 failed (98: Address already in use)", "in-use", 80],
    [
      "[Errno 98] error while attempting to bind on address ('127.0.0.1', 8001): address already in use",
      "in-use",
      8001,
    ],
    ["Connection in use: ('0.0.0.0', 8000)", "in-use", 8000],
    ["Web server failed to start. Port 8080 was already in use.", "in-use", 8080],
    ["2026/11/30 16:20:11 listen tcp :9090: bind: address already in use", "in-use", 9090],
    ["(98)Address already in use: AH00072: make_sock: could not bind to address [::]:80", "in-use", 80],
    ["error: Bind to port 22 on 0.0.0.0 failed: Address already in use.", "in-use", 22],
    ["Could not create server TCP listening socket *:6379: bind: Address already in use", "in-use", 6379],
    ["Bind for 0.0.0.0:8000 failed: port is already allocated", "in-use", 8000],
    [
      "LOG:  Is another postmaster already running on port 5432? If not, wait a few seconds and retry.",
      "in-use",
      5432,
    ],
    ["[ERROR] Do you already have another mysqld server running on port: 3306 ?", "in-use", 3306],
    ["16:20:11 OSError: [Errno 98] Address already in use", "in-use", null],
    ["Error: listen EACCES: permission denied 0.0.0.0:81", "denied", 81],
    ["bind() to 0.0.0.0:443 failed (13: Permission denied)", "denied", 443],
    ["listen tcp 10.0.0.9:80: bind: cannot assign requested address", "no-address", 80],
  ])("%s", (line, why, port) => {
    expect(whyOf(line)).toBe(why);
    expect(portOf(line)).toBe(port);
  });

  it.each([
    "the name shop is already in use by container 4711",
    "open /var/run/docker.sock: permission denied",
    "mount: /mnt: /dev/sdb1 already mounted or in use",
  ])("of something else: %s", (line) => expect(whyOf(line)).toBeUndefined());

  const saying = (MESSAGE: string) =>
    failuresOf(
      `${JSON.stringify({ MESSAGE, __REALTIME_TIMESTAMP: "1", __MONOTONIC_TIMESTAMP: "1" })}\nexit 0\n==\n`,
    ).failures[0];

  it("a socket of a file is no port; a port of UDP is none of TCP", () => {
    expect(saying("[Errno 98] Address already in use: '/run/shop/app.sock'")).toMatchObject({
      port: null,
      socket: "/run/shop/app.sock",
    });
    expect(saying("listen unix /var/run/x.sock: bind: address already in use")?.socket).toBe(
      "/var/run/x.sock",
    );
    expect(saying("listen udp 0.0.0.0:53: bind: address already in use")).toMatchObject({
      port: 53,
      protocol: "udp",
    });
    expect(saying("listen tcp :9090: bind: address already in use")).toMatchObject({
      protocol: "tcp",
      socket: "",
    });
    expect(saying("bind() to 0.0.0.0:80 failed (98: Address already in use)")?.protocol).toBeNull();
  });

  it("a journal that was not read to its end is said so", () => {
    expect(failuresOf("exit 137\n==\n").unread).toContain("too long");
    expect(failuresOf("none\n").unread).toContain("no journalctl");
    expect(failuresOf("exit 0\n{ no json\n==\n")).toEqual({ failures: [], unread: "" });
  });
});

it("the kernel's table: who listens, who only has it as a local port, and what waits", () => {
  const table = parsePortTable(
    [
      "listen tcp 0100007F:1F40 00000000:0000 1000 4711",
      "listen tcp6 00000000000000000000000000000000:1F40 00000000000000000000000000000000:0000 0 4712",
      "other tcp 0100007F:1F40 0200007F:2328 01 0 4713",
      "wait 12",
    ].join("\n"),
  );
  expect(table.listeners.map(({ address, family, uid, inode }) => [address, family, uid, inode])).toEqual([
    ["127.0.0.1", "IPv4", 1000, "4711"],
    ["[::]", "IPv6", 0, "4712"],
  ]);
  expect(table.others[0]).toMatchObject({ peer: "127.0.0.2:9000", state: "established", inode: "4713" });
  expect(table.timeWait).toBe(12);
});

it("what ss and systemctl add", () => {
  const ss =
    "tcp LISTEN 0 5 [::]:80 [::]:* ino:77 sk:1 cgroup:/x v6only:1 <->\ntcp LISTEN 0 5 *:80 *:* ino:78 sk:2 v6only:0 <->";
  expect([...v6OnlyOf(ss)]).toEqual([
    ["77", true],
    ["78", false],
  ]);
  expect(socketUnitOf("[::]:8000 web.socket web.service\n", 8000)).toEqual({
    unit: "web.socket",
    activates: "web.service",
  });
  expect(socketUnitOf("[::]:18000 web.socket web.service\n", 8000)).toBeNull();
  expect(isWithin("8080,9000-9010", 9005)).toBe(true);
  expect(isWithin("8080,9000-9010", 8000)).toBe(false);
});

it("a process that only lives in the unit of an ssh session or of cron is nobody's", () => {
  expect(managerOf({ unit: "ssh.service" })).toBeNull();
  expect(managerOf({ unit: "cron.service" })).toBeNull();
  expect(managerOf({ unit: "" })).toBeNull();
  expect(managerOf({ unit: "supervisor.service", supervisor: "supervisord (pid 7)" })).toEqual({
    kind: "supervisor",
    name: "supervisord (pid 7)",
  });
  expect(managerOf({ unit: "nginx.service" })).toEqual({ kind: "unit", name: "nginx.service" });
  expect(managerOf({ unit: "container 4f1d0c2a9b3e" })).toEqual({ kind: "container", name: "4f1d0c2a9b3e" });
});
