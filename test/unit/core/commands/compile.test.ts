import { expect, test } from "vitest";
import { fits } from "../../../../src/connectors/commands/knowing.ts";
import { compileCommand } from "../../../../src/core/rules/commands/compile.ts";
import { commandShape } from "../../../../src/core/words/command.ts";
import type { RunContext } from "../../../../src/core/words/runbook.ts";
import { contextWith } from "../checks/checks.ts";

const command = commandShape({}).parse({ title: "State of a queue" });
const runbook = compileCommand(
  { name: "queue-status", kind: "exec", command, declared: "x", systems: ["shop"], covers: [] },
  { version: "1", digest: "x" },
  fits,
);
const face = (name: string, ...commands: string[]) => ({ name, kind: "exec", about: { commands } });
const on = (connections: ReturnType<typeof face>[], exec?: string) => {
  const context: RunContext = {
    ...contextWith(),
    system: { id: "shop", connections, contacts: [] },
    ...(exec === undefined ? {} : { uses: { exec } }),
  };
  return Object.values(runbook.stages[0]?.({}, context) ?? {}).map((call) => call.on);
};

test("a command goes to the connection that was chosen, or to the first that has it; never to another than was chosen", () => {
  const [web1, web2, web3] = [face("web1"), face("web2", "queue-status"), face("web3", "queue-status")];
  expect(on([web1, web2, web3])).toEqual(["web2"]);
  expect(on([web1, web2, web3], "web3")).toEqual(["web3"]);
  expect(on([web2, web1], "web1"), "it has no such command, and says so").toEqual(["web1"]);
});
