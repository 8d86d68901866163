import { describe, expect, it } from "vitest";
import { killFinding } from "../../../../runbooks/host/kills.ts";
import { parseKills, parseWatchers } from "../../../../src/connectors/host/oom.ts";

const NOW = new Date(1_700_000_100_000);
const AT = "1700000000.5 host kernel: ";
const killed = (process: string) =>
  `${AT}Out of memory: Killed process 9 (${process}) total-vm:1kB, anon-rss:30720kB, file-rss:0kB`;
const finding = (...lines: string[]) => killFinding(parseKills(lines.join("\n"), 0), NOW);

describe("why the kernel killed", () => {
  it.each<readonly [what: string, lines: readonly string[], because: RegExp, remedies: readonly string[]]>([
    [
      "the machine",
      [
        `${AT}java invoked oom-killer: gfp_mask=0x140cca, order=0, oom_score_adj=0`,
        `${AT}oom-kill:constraint=CONSTRAINT_NONE,nodemask=(null),global_oom,task_memcg=/system.slice/a.service,task=java,pid=9`,
        killed("java"),
      ],
      /machine itself ran out/,
      ["addMemory"],
    ],
    [
      "its own limit",
      [
        `${AT}oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),oom_memcg=/docker/abc,task_memcg=/docker/abc,task=a,pid=9`,
        killed("a"),
      ],
      /^The limit of the container or unit was reached/,
      ["raiseLimit"],
    ],
    [
      "the limit of a slice above it",
      [
        `${AT}oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),oom_memcg=/kubepods.slice,task_memcg=/kubepods.slice/pod1,task=a,pid=9`,
        killed("a"),
      ],
      /^The limit of \/kubepods\.slice, above its own group,/,
      ["raiseLimit"],
    ],
    [
      "a limit, as kernels before 4.19 say it",
      [
        `${AT}Task in /docker/abc killed as a result of limit of /docker/abc`,
        `${AT}Killed process 9 (a) total-vm:1kB, anon-rss:30720kB, file-rss:0kB`,
      ],
      /^The limit of the container or unit was reached/,
      ["raiseLimit"],
    ],
    [
      "the nodes it is bound to",
      [
        `${AT}oom-kill:constraint=CONSTRAINT_CPUSET,nodemask=0,cpuset=x,task_memcg=/a,task=a,pid=9`,
        killed("a"),
      ],
      /memory nodes it is bound to/,
      [],
    ],
    [
      "no piece large enough",
      [
        `${AT}nic invoked oom-killer: gfp_mask=0x40cc0, order=3, oom_score_adj=0`,
        `${AT}oom-kill:constraint=CONSTRAINT_NONE,nodemask=(null),global_oom,task_memcg=/a,task=a,pid=9`,
        killed("a"),
      ],
      /several pages in one piece/,
      [],
    ],
  ])("%s", (_what, lines, because, remedies) => {
    const found = finding(...lines);
    expect(found?.because).toMatch(because);
    expect(found?.remedies).toEqual(remedies);
    expect(found?.severity).toBe(remedies[0] === "addMemory" ? "critical" : "warning");
  });

  it("what is said of one kill is not said of the next", () => {
    const found = parseKills(
      [
        `${AT}nic invoked oom-killer: gfp_mask=0x40cc0, order=3, x`,
        `${AT}oom-kill:constraint=CONSTRAINT_MEMCG,oom_memcg=/a,task_memcg=/a/b,task=a,pid=9`,
        killed("a"),
        killed("b"),
      ].join("\n"),
      0,
    );
    expect(found).toMatchObject([
      { byLimit: true, limitOf: "/a" },
      { byLimit: false, group: "" },
    ]);
    expect(found[1]).not.toHaveProperty("other");
    expect(found[1]).not.toHaveProperty("limitOf");
  });
});

it("programs that watch memory are no kernel: whom they ended, once each", () => {
  const text = [
    '1700000000.1 host earlyoom[411]: sending SIGTERM to process 4242 uid 1000 "chrome": badness 900, VmRSS 2048 MiB',
    '1700000006.1 host earlyoom[411]: sending SIGKILL to process 4242 uid 1000 "chrome": badness 900, VmRSS 2040 MiB',
    "1700000050.1 host systemd-oomd[300]: Killed /user.slice/user-1000.slice/app.scope due to memory pressure for /user.slice being 62.10% > 50.00% for > 20s with reclaim activity",
    "1700000051.1 host earlyoom[411]: mem avail: 7000 of 16000 MiB (43.75%)",
  ].join("\n");
  const kills = parseWatchers(text);
  expect(kills).toMatchObject([
    { at: 1_700_000_006, pid: 4242, process: "chrome", other: "earlyoom" },
    { at: 1_700_000_050, process: "app.scope", other: "systemd-oomd" },
  ]);
  const found = killFinding(kills, NOW);
  expect(found?.title).toMatch(/^systemd-oomd killed 2 processes/);
  expect(found?.because).toMatch(/^Not the kernel: .* 1 of the 2 were for another reason/);
});
