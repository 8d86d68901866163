import { expect, it } from "vitest";
import { parseDryRun } from "../../../../src/connectors/host/rotation/parse.ts";
import { whyNotRotate } from "../../../../src/connectors/host/rotation/rotate-logs.ts";
import { judgeRotation } from "../../../../src/connectors/host/rotation/rotation.ts";

/** As logrotate 3.21 says it. */
const DRY = `reading config file app
error: bad:2 unknown option 'frobnicate' -- ignoring line
Handling 2 logs

rotating pattern: /var/log/app.log  10240 bytes (14 rotations)
empty log files are not rotated, old logs are removed
considering log /var/log/app.log
  Now: 2026-11-30 20:10
  log needs rotating
rotating log /var/log/app.log, log->rotateCount is 14
renaming /var/log/app.log to /var/log/app.log.1

rotating pattern: /var/log/c*.log  after 1 days (no old logs will be kept)
considering log /var/log/c1.log
error: skipping "/var/log/c1.log" because parent directory has insecure permissions (It's world writable or writable by group which is not "root")
`;

it("what logrotate would do, by rule and file", () => {
  const { rules, errors, renames } = parseDryRun(DRY);
  expect(rules.map(({ pattern, when, keeps }) => [pattern, when, keeps])).toEqual([
    ["/var/log/app.log", "10240 bytes", 14],
    ["/var/log/c*.log", "after 1 days", 0],
  ]);
  expect(rules[0]?.files).toEqual([{ path: "/var/log/app.log", due: true, error: null }]);
  expect(rules[1]?.files[0]?.error).toContain("insecure permissions");
  expect(errors).toEqual(["bad:2 unknown option 'frobnicate' -- ignoring line"]);
  expect(renames).toHaveLength(1);
});

it("nothing is rotated that would be lost, is not taken, or that logrotate complains of", () => {
  const of = (text: string) => whyNotRotate(parseDryRun(text), ["/var/log/app.log"]);
  expect(of(DRY)).toContain("unknown option");
  expect(of(DRY.replace(/^error: bad.*\n/m, ""))).toContain("logrotate refuses: skipping");
  expect(of(DRY.replace(/^error: .*\n/gm, ""))).toContain("/var/log/c1.log would be gone");
  expect(of("")).toContain("does not take /var/log/app.log");
  expect(
    of(DRY.replace(/^error: .*\n/gm, "").replace(/\nrotating pattern: \/var\/log\/c[\s\S]*/, "\n")),
  ).toBeUndefined();
});

it("what the user may not read is no fault of the configuration, and is said", () => {
  const said = [
    "logrotate 3.21.0\nuser 1000\n",
    "now 1000000\n",
    "timer ActiveState=active\nservice Result=success\n",
    "error: error opening state file /var/lib/logrotate/status: Permission denied\n",
    "1:2 900 1 /var/log/app.log\n1:3 900 1 /var/log/app.log.1\n1:4 900 1 /var/lib/orders.db\n",
    "77 api\t/var/log/app.log\n",
  ].join("==\n");
  const seen = judgeRotation(said, 500, 1);
  expect([seen.errors, seen.startedBy, seen.ranAt]).toEqual([[], ["timer active"], null]);
  expect(seen.large).toMatchObject([
    { path: "/var/log/app.log", aside: 1, rule: null, writers: [{ pid: 77 }] },
  ]);
  expect(seen.notSeen?.map(({ what }) => what).join()).toContain("a part of what logrotate would do");
});
