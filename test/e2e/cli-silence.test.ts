import { userInfo } from "node:os";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type FreshDatabase, freshDatabase } from "../helpers/database.ts";
import { freePort } from "../helpers/ports.ts";
import { openProduct, type Product } from "../helpers/product.ts";
import { CONFIGURED } from "./support/people.ts";

let database: FreshDatabase;
let product: Product;
beforeAll(async () => {
  database = await freshDatabase("e2e_cli_silence", { migrated: false });
  product = openProduct({
    databaseUrl: database.url,
    config: {
      ...CONFIGURED,
      commandLine: { sudo: [userInfo().username] },
      people: { alice: { ...CONFIGURED.people.alice, login: ["alice"] }, bob: CONFIGURED.people.bob },
      systems: {
        shop: {
          connections: { alerts: { kind: "alertmanager", url: `http://127.0.0.1:${await freePort()}` } },
        },
        website: { connections: {} },
      },
    },
  });
});
afterAll(async () => {
  await product?.close();
  await database?.drop();
});

const typed = (...words: string[]) => product.cli(["silence", ...words], { SUDO_USER: "alice" });

it("a shell knows which system has an Alertmanager, as Slack does, and says what is wrong", async () => {
  expect(await typed("HighErrorRate", "2h", "waiting", "--no-wait")).toMatchObject({
    ...{ code: 0, stdout: expect.stringMatching(/^Run #1: .* on shop/) },
  });
  expect(await typed("HighErrorRate", "soon")).toMatchObject({
    ...{
      code: 64,
      stderr: expect.stringContaining('how long? a silence lasts between 5m and 24h, and "soon"'),
    },
  });
});
