import { describe, expect, it } from "vitest";
import { commands } from "../../../commands/index.ts";
import { DiagError } from "../../../src/core/words/errors.ts";
import { parse } from "../../../src/ingress/parse.ts";

const caller = { via: "slack" as const, name: "U0ALICE" };
const ID = "6a3c2f0e-1d2b-4c3a-9f8e-0123456789ab";
const one = { systems: ["shop", "orders"], alerting: ["shop"] };
const both = { systems: ["shop", "orders"], alerting: ["shop", "orders"] };
const asks = (text: string, known = both) => parse(commands, `silence ${text}`, caller, known);
const refused = (text: string, known = both) => {
  try {
    return JSON.stringify(asks(text, known));
  } catch (thrown) {
    return thrown instanceof DiagError ? `${thrown.code}: ${thrown.message}` : String(thrown);
  }
};

describe("/diag silence", () => {
  it.each([
    ["shop", "shop", { show: "true" }],
    ["list orders", "orders", { show: "true" }],
    ["shop 30m migration of orders", "shop", { all: "true", minutes: "30", reason: "migration of orders" }],
    ["shop for 2 hours, move", "shop", { all: "true", minutes: "120", reason: "move" }],
    ["orders HighErrorRate 1h x", "orders", { silence: "HighErrorRate", minutes: "60", reason: "x" }],
    ["orders HighErrorRate for 90m x", "orders", { silence: "HighErrorRate", minutes: "90", reason: "x" }],
    [`end ${ID} orders`, "orders", { expire: ID }],
  ] as const)("%s", (text, system, params) => {
    // "for" before a time is a filler word, before nothing else.
    expect(asks(text)).toEqual({ do: "run", system, runbook: "alerting", params });
  });

  it("the one system with an Alertmanager need not be named; of several one has to be", () => {
    expect(asks("HighErrorRate 2h waiting", one)).toMatchObject({
      ...{ system: "shop", params: { silence: "HighErrorRate", minutes: "120", reason: "waiting" } },
    });
    expect(asks("", one)).toMatchObject({ system: "shop", params: { show: "true" } });
    expect(asks(`end ${ID}`, one)).toMatchObject({ system: "shop", params: { expire: ID } });
    expect(refused("HighErrorRate 2h waiting")).toMatch(/^usage: which system\? shop, orders/);
    expect(refused("", { systems: ["a"], alerting: [] })).toMatch(/no system .* has an Alertmanager/);
  });

  it.each([
    ["shop HighErrorRate", /how long/],
    ["shop HighErrorRate because", /how long\?.*, and "because" is no time/],
    ["shop 1m too short", /between 5m and 24h/],
    ["shop 2d too long", /between 5m and 24h/],
    ["shop 2h", /a silence needs a reason/],
    ["shop HighErrorRate 2h", /a silence needs a reason/],
    ["end", /needs the id/],
    ["end 12", /needs the id/],
  ] as const)("%s is refused", (text, why) => {
    expect(refused(text)).toMatch(why);
  });

  it("a time alone says nothing of what is meant", () => {
    expect(refused("2h reason", one)).toMatch(/what shall be silenced/);
  });
});
