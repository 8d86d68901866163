import { expect, it } from "vitest";
import { buildCli } from "../../../src/cli/cli.ts";

/** A command line whose product cannot be loaded. */
async function say(...argv: string[]) {
  const said = { out: "", err: "" };
  const cli = buildCli({ load: () => Promise.reject(new Error("a package is missing")), version: "1.2.3" });
  const code = await cli(argv, {
    stdout: (text) => {
      said.out += text;
    },
    stderr: (text) => {
      said.err += text;
    },
  });
  return { code, ...said };
}

it("help and version need no product", async () => {
  expect(await say("--version")).toEqual({ code: 0, out: "1.2.3\n", err: "" });
  const { code, out } = await say("run", "--help");
  expect([code, out]).toEqual([0, expect.stringContaining("Usage: diagbot run")]);
});

it("a product that cannot be loaded is said, whatever was asked", async () => {
  expect(await say("list")).toMatchObject({
    code: expect.any(Number),
    err: expect.stringContaining("a package is missing"),
  });
  const { code, err } = await say("nothing-of-the-kind");
  expect([code, err]).toEqual([64, expect.stringContaining("unknown command")]);
});
