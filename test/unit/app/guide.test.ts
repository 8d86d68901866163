import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { commands } from "../../../commands/index.ts";
import { catalogOf, knowledgeOf } from "../../../src/app/knowledge.ts";
import { loadConfig } from "../../../src/config/load.ts";
import { kinds } from "../../../src/connectors/index.ts";
import { showHelp, showList } from "../../../src/ingress/show-help.ts";
import { contextWith, reading, seenAs } from "../core/checks/checks.ts";

const folder = mkdtempSync(join(tmpdir(), "diagbot-guide-"));
afterAll(() => rmSync(folder, { recursive: true }));

const GUIDE = "https://wiki.example.com/shop#queue";
const file = (ofCommand = "", ofCheck = "") => `
systems:
  shop:
    connections:
      scripts:
        kind: exec
        local: true
        commands:
          queue-status: { title: State of a queue, argv: [/opt/queue-status]${ofCommand} }
checks:
  - { id: orders, title: Orders, command: queue-status${ofCheck}, findings: [{ when: { rows: { above: 0 } }, title: some }] }
`;

async function catalog(text: string) {
  writeFileSync(join(folder, "diagbot.yaml"), text);
  const config = loadConfig({ env: { DATABASE_URL: "postgres://x/y" }, cwd: folder, kinds });
  return catalogOf(config, knowledgeOf(config));
}
const SAID = `, covers: [shop.queue-stuck, mail.queue], guide: "${GUIDE}"`;
const textOf = (value: unknown): string => JSON.stringify(value);

describe("covers and guide of what diagbot.yaml declares", () => {
  it("stand in the help of checks and commands, and in the list of their system", async () => {
    const known = await catalog(file(SAID, SAID));
    for (const id of ["queue-status", "orders"])
      expect(textOf(showHelp(known, commands, id))).toContain(
        `From the guide: shop.queue-stuck, mail.queue (${GUIDE}).`,
      );
    const [table] = showList(known, "shop").sections;
    expect(table).toMatchObject({ columns: ["runbook", "what it is about", "from the guide"] });
    expect(textOf(table)).toContain('["orders","Orders","queue-stuck"]');
    expect(textOf(table), "what comes from no guide has a dash").toContain('"–"]');
  });

  it("are no column of a list in which nothing comes from the system's guide", async () => {
    const [table] = showList(await catalog(file()), "shop").sections;
    expect(table).toMatchObject({ columns: ["runbook", "what it is about"] });
    expect(textOf(showHelp(await catalog(file()), commands, "orders"))).not.toContain("From the guide");
  });

  it("are the last evidence of what is found", async () => {
    const last = async (text: string, id: string, step: string) => {
      const { runbooks } = await catalog(text);
      const seen = seenAs(reading(["line"], ["x"]), step);
      const found = runbooks.find((one) => one.id === id)?.findings(seen, contextWith()) ?? [];
      expect(found.length).toBe(1);
      return found[0]?.evidence?.at(-1);
    };
    const link = { kind: "text", text: `Guide: ${GUIDE}` };
    expect(await last(file("", SAID), "orders", "reading")).toEqual(link);
    expect(await last(file(SAID), "queue-status", "answer")).toEqual(link);
    expect(await last(file(), "queue-status", "answer")).not.toEqual(link);
  });

  it("are no part of what is approved of a command", async () => {
    const digest = async (text: string) =>
      (await catalog(text)).runbooks.find(({ id }) => id === "queue-status")?.digest;
    expect(await digest(file(SAID))).toBe(await digest(file()));
  });

  it.each([
    ["an id without its system", ", covers: [queue-stuck]", /diagbot\.yaml:9:88: .*covers.*<system>\.<word>/],
    ["an id twice", ", covers: [shop.a, shop.a]", /each item once/],
    ["an address that is none", ', guide: "javascript:alert(1)"', /begins with https/],
    ["an address with a password", ', guide: "https://me:secret@wiki/x"', /without a password/],
    ["an address with markup", ', guide: "https://wiki/<!channel>"', /begins with https/],
  ])("%s is a mistake, with its place", async (_what, said, message) => {
    await expect(catalog(file(said))).rejects.toThrow(message);
  });
});
