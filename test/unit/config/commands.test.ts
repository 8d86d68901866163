import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { loadConfig } from "../../../src/config/load.ts";
import { kinds } from "../../../src/connectors/index.ts";

const folder = mkdtempSync(join(tmpdir(), "diagbot-commands-"));
afterAll(() => rmSync(folder, { recursive: true }));

const STATUS = `          queue-status:
            title: State of a queue
            argv: [/opt/app/queue-status, --queue, "{queue}"]
            params: { queue: { type: word } }
            output: json
            columns: { state: state, depth: depth }
`;
const PAUSE = `          pause-queue:
            title: Pause a queue
            effect: write
            risk: high
            argv: [/opt/app/queue-pause, "{queue}"]
            params: { queue: { type: word } }
            probe: { ask: queue-status, when: { state: { equals: paused } } }
            undo: { none: the app resumes it }
`;

function complaints(commands: string, more = ""): string[] {
  writeFileSync(
    join(folder, "diagbot.yaml"),
    `systems:\n  shop:\n    connections:\n      scripts:\n        kind: exec\n        local: true\n        commands:\n${commands}${more}`,
  );
  try {
    loadConfig({ env: { DATABASE_URL: "postgres://x/y" }, cwd: folder, kinds });
    return [];
  } catch (error) {
    const text = error instanceof Error ? error.message : "";
    return text.split("\n").filter((line) => line.startsWith("diagbot.yaml:"));
  }
}
const say = (commands: string, more = "") => complaints(commands, more).join("\n");

test("a whole allow-list is taken", () => {
  expect(complaints(STATUS + PAUSE)).toEqual([]);
});

test("every mistake is answered with its place, and what was meant", () => {
  const cases: [string, string][] = [
    [
      STATUS.replace("argv:", "argvs:"),
      '10:13: unknown key "argvs" in systems.shop.connections.scripts.commands.queue-status; did you mean "argv"?',
    ],
    [
      STATUS.replace('"{queue}"', '"{queu}"'),
      'argv.2: must be made of declared parameters: there is no "queu"; did you mean "queue"?',
    ],
    [STATUS.replace(', "{queue}"', ""), "params.queue: must be used: nothing holds {queue}"],
    [STATUS.replace("/opt/app/", ""), "argv.0: must be the absolute path of a program, without parameters"],
    [
      STATUS.replace("type: word", "type: wrd"),
      'params.queue.type: "wrd" is not known; did you mean "word"?',
    ],
    [
      STATUS.replace("type: word", "type: word, patern: x"),
      'unknown key "patern" in systems.shop.connections.scripts.commands.queue-status.params.queue; did you mean "pattern"?',
    ],
    [
      STATUS.replace("type: word", 'type: word, pattern: "a("'),
      "params.queue.pattern: must be a regular expression: ",
    ],
    [
      STATUS.replace("type: word", 'type: enum, values: ["-a", b]'),
      "argv.2: must be safe: {queue} may begin with -",
    ],
    [
      STATUS.replace("type: word", "type: integer, default: -3"),
      "params.queue.default: must be a whole number from 0 to",
    ],
    [
      STATUS.replace("            columns: { state: state, depth: depth }\n", ""),
      "columns: must be given for JSON: column → path",
    ],
    [
      STATUS.replace("columns: {", "pattern: x\n            columns: {"),
      "pattern: must be used with lines or text only",
    ],
    [`${STATUS}            risk: low\n`, "risk: must be used with `effect: write` only"],
    [
      STATUS + PAUSE.replace("            risk: high\n", ""),
      "risk: must be given for a write: low, high, destructive",
    ],
    [
      STATUS + PAUSE.replace(/ +probe:.*\n/, ""),
      "probe: must be given for a write: the read that shows whether it has happened",
    ],
    [
      STATUS + PAUSE.replace(/ +undo:.*\n/, ""),
      "undo: must be given for a write: the command that takes it back",
    ],
    [
      STATUS + PAUSE.replace("ask: queue-status", "ask: queue-statu"),
      'probe.ask: must be the name of a command with effect: read; did you mean "queue-status"?',
    ],
    [
      STATUS + PAUSE.replace("when: { state", "when: { stat"),
      'probe.when.stat: must be about a column of queue-status: there is no "stat"; did you mean "state"?',
    ],
    [
      STATUS + PAUSE.replace("{ none: the app resumes it }", "{ command: resume-queue }"),
      "undo.command: must be the name of a command with effect: write; ",
    ],
    [
      STATUS +
        PAUSE.replace(
          "{ none: the app resumes it }",
          '{ command: pause-queue, params: { queue: "{before.nam}" } }',
        ),
      'undo.params.queue: must be a column of the probe: there is no "nam"',
    ],
    [
      STATUS + PAUSE.replace("{ none: the app resumes it }", "none"),
      "undo: must be { command: …, params: {…} }, or { none: why }",
    ],
  ];
  for (const [text, wanted] of cases) expect(say(text)).toContain(wanted);
});

test("a parameter that /diag would take for something else is refused", () => {
  const renamed = (name: string) =>
    STATUS.replaceAll("{queue}", `{${name}}`).replace("{ queue:", `{ ${name}:`);
  for (const name of ["for", "redis"])
    expect(say(renamed(name))).toContain(`params.${name}: \`${name}=\` means something else to /diag`);
});

test("one name is one command, whatever system it is asked on; the same twice is one", () => {
  const other = (commands: string) =>
    `  other:\n    connections:\n      scripts:\n        kind: exec\n        local: true\n        commands:\n${commands}`;
  expect(complaints(STATUS, other(STATUS))).toEqual([]);
  expect(say(STATUS, other(STATUS.replace("State of a queue", "Something else")))).toContain(
    "systems.other.connections.scripts.commands.queue-status: shop.scripts declares another command of this name",
  );
});

test("checks that ask a command, or offer one, are held to what is declared", () => {
  const check = (more: string) =>
    `checks:\n  - id: paused\n    title: Paused\n    command: { name: queue-status, params: { queue: mails } }\n    findings: [{ when: { state: { equals: paused } }, title: "{{depth}} wait", ${more} }]\n`;
  const offer = "remedy: { run: scripts.pause-queue, params: { queue: x } }";
  expect(complaints(STATUS + PAUSE, check(offer))).toEqual([]);
  const cases: [string, string][] = [
    [
      check(offer).replace("name: queue-status", "name: queue-stats"),
      'the connection declares no command "queue-stats" with effect: read; did you mean "queue-status"?',
    ],
    [
      check(offer).replace("params: { queue: mails }", "params: {}"),
      "queue-status needs the parameter queue",
    ],
    [check(offer).replace("{{depth}}", "{{dept}}"), 'there is no column "dept"; did you mean "depth"?'],
    [
      check(offer).replace("scripts.pause", "script.pause"),
      'no system of the check has a connection "script"; did you mean "scripts"?',
    ],
    [
      check(offer).replace("pause-queue", "pause-queu"),
      'scripts declares no command "pause-queu" with effect: write; did you mean "pause-queue"?',
    ],
    [
      check(offer).replace("params: { queue: x }", "params: { que: x }"),
      'pause-queue has no parameter "que"',
    ],
  ];
  for (const [text, wanted] of cases) expect(say(STATUS + PAUSE, text)).toContain(wanted);
});
