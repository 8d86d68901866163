// A real systemd in a container over this machine's root, reached by a real sshd.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { unitFailure } from "../../../runbooks/systemd/unit-failure.ts";
import { systemdConnector } from "../../../src/connectors/systemd/index.ts";
import { onPath } from "../../helpers/docker.ts";
import { type Bench, openBench } from "../../helpers/run-runbook.ts";
import { type SystemdMachine, startSystemd, whyNoSystemd } from "../../helpers/systemd.ts";
import { until } from "../../helpers/until.ts";

const missing = whyNoSystemd();
const FOREVER = "ExecStart=/bin/sleep 100000\n";

describe.skipIf(missing !== undefined)(
  `unit-failure${missing === undefined ? "" : ` (skipped: ${missing})`}`,
  () => {
    let machine: SystemdMachine;
    let bench: Bench;
    let made: string[] = [];
    const benchOf = (settings: object = {}) =>
      openBench({
        connections: {
          units: {
            ...{
              kind: "systemd",
              ssh: machine.ssh,
              identity: machine.identity,
              knownHosts: machine.knownHosts,
            },
            ...{ units: ["shop-*"], ...settings },
          },
        },
        connectors: [systemdConnector],
      });
    beforeAll(async () => {
      machine = await startSystemd();
    });
    afterAll(() => machine?.stop());
    beforeEach(() => {
      bench = benchOf();
    });
    afterEach(async () => {
      await bench.close();
      machine.clear(...made);
      made = [];
    });
    const units = (files: Record<string, string>) => {
      made.push(...Object.keys(files));
      machine.unit(files);
    };
    const start = (name: string) => machine.sh(`systemctl start ${name} 2>&1`);
    const settled = async (name: string, wanted: RegExp) => {
      const show = `systemctl show --property=ActiveState,SubState --value ${name}`;
      await until(() => wanted.test(machine.sh(show).replace("\n", " ")));
      // What was said of it is on its way to the journal.
      machine.sh("journalctl --sync");
    };
    const ids = async (params: Record<string, unknown> = {}) =>
      (await bench.diagnose(unitFailure, params)).findings.map(({ id }) => id);

    it("nothing is wrong: what runs, what has done its work, what a timer starts, what was stopped, what is not meant to run here", async () => {
      units({
        "shop-api.service": `[Service]\n${FOREVER}`,
        "shop-once.service": "[Service]\nType=oneshot\nExecStart=/bin/true\n",
        "shop-job.service": "[Service]\nType=oneshot\nExecStart=/bin/true\n",
        "shop-job.timer": "[Timer]\nOnUnitActiveSec=1d\nOnActiveSec=1d\n",
        "shop-cond.service": `[Unit]\nConditionPathExists=/nowhere\n[Service]\n${FOREVER}`,
        "shop-off.service": `[Service]\n${FOREVER}`,
      });
      for (const name of ["shop-api", "shop-once", "shop-job.timer", "shop-cond", "shop-off"]) start(name);
      machine.sh("systemctl stop shop-off");
      expect(await ids()).toEqual([]);
      expect(await ids({ unit: "shop-once" })).toEqual([]);
      expect(await ids({ unit: "shop-cond" })).toEqual(["condition:shop-cond.service"]);
    });

    it("a program that is not there: 203, proven by systemd's own words, and no start is offered", async () => {
      units({ "shop-api.service": "[Service]\nExecStart=/opt/shop/api\n" });
      start("shop-api");
      await settled("shop-api", /failed/);
      // The process that could not become the program tells the journal by itself, whenever it gets to it.
      await until(() => machine.sh("journalctl -u shop-api -o cat").includes("/opt/shop/api: No such file"));
      const { finding, findings } = await bench.diagnose(unitFailure);
      const found = finding("failed:shop-api.service");
      expect(found.severity).toBe("critical");
      expect(found.title).toContain("its program is not there (203/EXEC)");
      expect(found.because).toContain("/opt/shop/api: No such file or directory");
      expect(found.remedies).toEqual(["fixUnit"]);
      expect(findings).toHaveLength(1);
    });

    it("a program that itself ends with 203 is told from one that could not be started", async () => {
      units({ "shop-api.service": "[Service]\nExecStart=/bin/sh -c 'echo bye; exit 203'\n" });
      start("shop-api");
      await settled("shop-api", /failed/);
      const found = (await bench.diagnose(unitFailure)).finding("failed:shop-api.service");
      expect(found.because).toContain("unless the program itself ends with 203; to tell them apart");
      expect(found.because).toContain("It wrote last: bye");
    });

    it("a check before the start fails: the program was not started at all", async () => {
      units({ "shop-api.service": `[Service]\nExecStartPre=/bin/false\n${FOREVER}` });
      start("shop-api");
      await settled("shop-api", /failed/);
      const found = (await bench.diagnose(unitFailure)).finding("failed:shop-api.service");
      expect(found.title).toContain("its ExecStartPre fails");
      expect(found.because).toContain("/bin/false (ExecStartPre) ended with exit code 1");
      expect(found.remedies).toEqual(["fixCrash"]);
    });

    it("a dependency failed: it is said first, and what needs it is not blamed", async () => {
      units({
        "shop-db.service":
          "[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart=/bin/sh -c 'echo FATAL: could not open file: No space left on device; exit 1'\n",
        "shop-api.service": `[Unit]\nRequires=shop-db.service\nAfter=shop-db.service\n[Service]\n${FOREVER}`,
      });
      start("shop-api");
      await settled("shop-db", /failed/);
      const { findings, finding } = await bench.diagnose(unitFailure);
      expect(findings.map(({ id }) => id)).toEqual([
        "failed:shop-db.service",
        "not-started:shop-api.service",
      ]);
      expect(finding("failed:shop-db.service").title).toContain("a disk is full");
      expect(finding("not-started:shop-api.service").because).toContain(
        "It requires shop-db.service and waits for it",
      );
      expect(finding("failed:shop-db.service").remedies).toEqual(["freeDisk"]);
    });

    it("started again and again: another start changes nothing, and none is offered (trap restart-loop)", async () => {
      units({
        "shop-api.service":
          "[Service]\nRestart=always\nRestartSec=100ms\nExecStart=/bin/sh -c 'echo Error: listen EADDRINUSE: address already in use :::8000; exit 1'\n[Unit]\nStartLimitIntervalSec=0\n",
      });
      start("shop-api");
      await until(() => Number(machine.sh("systemctl show --property=NRestarts --value shop-api")) >= 3);
      machine.sh("sed -i s/100ms/1h/ /etc/systemd/system/shop-api.service; systemctl daemon-reload");
      await settled("shop-api", /auto-restart/);
      const found = (await bench.diagnose(unitFailure)).finding("restarting:shop-api.service");
      expect(found.title).toMatch(/started again, \d+ times so far: a port it listens on is taken/);
      expect(found.remedies).toEqual(["freePort"]);
    });

    it("systemd gave up: the start limit is said, and the cause behind it; once that is gone, a start is carried out and undone", async () => {
      units({
        "shop-sales.service":
          "[Unit]\nStartLimitIntervalSec=60\nStartLimitBurst=2\n[Service]\nRestart=always\nRestartSec=50ms\nExecStart=/bin/sh -c 'test -e /lab/db || { echo connect ECONNREFUSED 10.0.0.9:5432; exit 1; }; exec sleep 100000'\n",
      });
      start("shop-sales");
      await settled("shop-sales", /failed/);
      const { finding, apply } = await bench.diagnose(unitFailure, { stableSeconds: 1 });
      const found = finding("failed:shop-sales.service");
      expect(found.title).toContain("it does not reach what it depends on");
      expect(found.because).toContain("systemd gave up: 2 starts within 60 s is the limit");
      expect(found.remedies).toEqual(["start", "repairDependency"]);
      machine.sh("touch /lab/db");
      const applied = await apply("start");
      expect(applied.previews[0]?.changes[0]).toMatch(
        /^forget the failure and start limit of it and start shop-sales.service/,
      );
      expect(applied.holds).toBe(true);
      await applied.undo();
      await settled("shop-sales", /inactive/);
      machine.sh("rm /lab/db");
    });

    it("killed from outside: SIGKILL has two causes, and both are named; SIGSEGV is the program's own", async () => {
      units({ "shop-api.service": `[Service]\n${FOREVER}`, "shop-web.service": `[Service]\n${FOREVER}` });
      for (const name of ["shop-api", "shop-web"]) start(name);
      machine.sh("systemctl kill -s KILL shop-api; systemctl kill -s SEGV shop-web");
      await settled("shop-api", /failed/);
      await settled("shop-web", /failed/);
      const { finding } = await bench.diagnose(unitFailure);
      expect(finding("failed:shop-api.service").because).toContain(
        "Either the kernel killed it for memory, or somebody sent SIGKILL",
      );
      expect(finding("failed:shop-api.service").remedies).toEqual(["start", "memory"]);
      expect(finding("failed:shop-web.service").title).toContain("it crashed (SIGSEGV)");
      // It crashed at once: one more start is no answer.
      expect(finding("failed:shop-web.service").remedies).toEqual(["fixCrash"]);
    });

    it.skipIf(onPath("sudo") === undefined)(
      "was stopped, by whom sudo says; asked for, it can be started",
      async () => {
        units({ "shop-api.service": `[Service]\n${FOREVER}` });
        start("shop-api");
        machine.sh("logger -t sudo x; sudo systemctl stop shop-api");
        const found = (await bench.diagnose(unitFailure, { unit: "shop-api" })).finding(
          "stopped:shop-api.service",
        );
        expect(found.severity).toBe("warning");
        expect(found.because).toContain("asked systemd to stop it; it did not fail.");
        expect(found.because).toMatch(/Just before, root ran: \/usr\/bin\/systemctl stop shop-api/);
        expect(found.remedies).toEqual(["start"]);
      },
    );

    it("ended by itself without an error is told from a stop", async () => {
      units({ "shop-api.service": "[Service]\nExecStart=/bin/sh -c 'echo done; exit 0'\n" });
      start("shop-api");
      await settled("shop-api", /inactive/);
      const found = (await bench.diagnose(unitFailure, { unit: "shop-api" })).finding(
        "ended:shop-api.service",
      );
      expect(found.because).toContain("Exit code 0, and Restart=no does not start it again");
    });

    it("not ready in time, no sign of life, and a type that promises what does not come", async () => {
      units({
        "shop-slow.service": `[Service]\nType=notify\nTimeoutStartSec=300ms\n${FOREVER}`,
        "shop-dog.service": `[Service]\nType=simple\nWatchdogSec=300ms\n${FOREVER}`,
        "shop-type.service": "[Service]\nType=notify\nExecStart=/bin/true\n",
      });
      for (const name of ["shop-slow", "shop-dog", "shop-type"])
        machine.sh(`systemctl start --no-block ${name}`);
      for (const name of ["shop-slow", "shop-dog", "shop-type"]) await settled(name, /failed/);
      const { finding } = await bench.diagnose(unitFailure);
      expect(finding("failed:shop-slow.service").title).toContain("not ready within its time (300 ms)");
      expect(finding("failed:shop-slow.service").remedies).toEqual(["fixUnit"]);
      expect(finding("failed:shop-dog.service").title).toContain("no sign of life (watchdog)");
      expect(finding("failed:shop-dog.service").remedies).toEqual(["start", "fixCrash"]);
      expect(finding("failed:shop-type.service").title).toContain("did not say that it was ready");
    });

    it("too many open files: a drop-in with a higher limit, applied, in force, and taken back by exactly that file", async () => {
      units({
        "shop-api.service":
          "[Service]\nLimitNOFILE=256\nExecStart=/bin/sh -c '[ $(ulimit -n) -ge 4096 ] || { echo Error: EMFILE: too many open files; exit 1; }; exec sleep 100000'\n",
      });
      start("shop-api");
      await settled("shop-api", /failed/);
      const { finding, apply } = await bench.diagnose(unitFailure, { stableSeconds: 1 });
      expect(finding("failed:shop-api.service").remedies).toEqual(["raiseOpenFiles", "fixCrash"]);
      const applied = await apply("raiseOpenFiles");
      expect(applied.previews[0]?.changes[0]).toBe(
        "write /etc/systemd/system/shop-api.service.d/diagbot-open-files.conf (LimitNOFILE=65536), then daemon-reload",
      );
      expect(applied.holds).toBe(true);
      expect(machine.sh("systemctl show --property=DropInPaths --value shop-api")).toContain(
        "diagbot-open-files.conf",
      );
      await applied.undo();
      expect(machine.sh("systemctl show --property=DropInPaths --value shop-api").trim()).toBe("");
    });

    it("a file that changed is read again; a reload that failed is said; a unit that is not there is no healthy one", async () => {
      units({ "shop-api.service": `[Service]\n${FOREVER}ExecReload=/bin/sh -c 'test -e /lab/good'\n` });
      start("shop-api");
      machine.sh(
        "systemctl reload shop-api; echo Environment=A=1 >> /etc/systemd/system/shop-api.service; touch -d '+5 seconds' /etc/systemd/system/shop-api.service",
      );
      const { findings, finding, apply } = await bench.diagnose(unitFailure);
      expect(findings.map(({ id }) => id)).toEqual([
        "reload-failed:shop-api.service",
        "file-changed:shop-api.service",
      ]);
      expect(finding("reload-failed:shop-api.service").remedies).toEqual(["reload", "fixUnit"]);
      expect((await apply("daemonReload")).holds).toBe(true);
      machine.sh("touch /lab/good");
      expect((await apply("reload")).holds).toBe(true);
      expect(await ids()).toEqual([]);
      expect(await ids({ unit: "nowhere" })).toEqual(["not-found:nowhere.service"]);
    });

    it("a unit file systemd does not understand, and a timer that does not run", async () => {
      units({
        "shop-bad.service": "[Service]\nType=nonsense\n",
        "shop-night.service": "[Service]\nType=oneshot\nExecStart=/bin/true\n",
        "shop-night.timer": "[Timer]\nOnCalendar=daily\n[Install]\nWantedBy=lab.target\n",
      });
      machine.sh("systemctl enable shop-night.timer");
      const both = benchOf({ units: ["shop-*", "shop-*.timer"] });
      try {
        const { findings } = await both.diagnose(unitFailure);
        expect(findings.map(({ id }) => id)).toEqual([
          "bad-unit-file:shop-bad.service",
          "timer-off:shop-night.timer",
        ]);
      } finally {
        await both.close();
      }
    });

    it("a user without rights: the journal is not read and that is said, and a start is refused with nothing done", async () => {
      units({ "shop-api.service": "[Service]\nExecStart=/bin/sh -c 'echo FATAL: x; exit 1'\n" });
      start("shop-api");
      await settled("shop-api", /failed/);
      const visitor = benchOf({ ssh: machine.sshUser });
      try {
        const { finding } = await visitor.diagnose(unitFailure);
        expect(finding("failed:shop-api.service").title).toContain("exit code 1");
        expect(finding("could-not-look").title).toContain("the journal of other users and of the system");
      } finally {
        await visitor.close();
      }
    });
  },
);
