import { createHmac } from "node:crypto";
import { describe, expect, it } from "vitest";
import { createReplayGuard, isSigned } from "../../../../src/ingress/slack/receiver/replays.ts";

const secret = "8f742231b10e8888abcd99yyyzzz85a5";
const body = Buffer.from("command=%2Fdiag&text=orders");
const nowMs = 1_700_000_000_000;
const sign = (timestamp: string, key = secret, content = body) =>
  `v0=${createHmac("sha256", key).update(`v0:${timestamp}:`).update(content).digest("hex")}`;
const check = (timestamp: string, signature = sign(timestamp), content = body) =>
  isSigned(secret, { timestamp, signature, body: content }, nowMs);

describe("Slack's signature", () => {
  it("matches the documented vector", () => {
    const documented =
      "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c";
    expect(
      isSigned(
        secret,
        {
          timestamp: "1531420618",
          signature: "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503",
          body: Buffer.from(documented),
        },
        1_531_420_618_000,
      ),
    ).toBe(true);
  });

  it.each([[0], [299], [-299], [300], [-300]])("is taken %i s away", (skew) => {
    expect(check(String(nowMs / 1000 + skew))).toBe(true);
  });
  it.each([[301], [-301], [3_600], [-3_600]])(
    "is refused %i s away, in the past and in the future",
    (skew) => {
      expect(check(String(nowMs / 1000 + skew))).toBe(false);
    },
  );

  it("is refused with any byte of it or of the body flipped", () => {
    const at = String(nowMs / 1000);
    const good = sign(at);
    for (let n = 0; n < good.length; n++) {
      const flipped = good.slice(0, n) + (good[n] === "0" ? "1" : "0") + good.slice(n + 1);
      expect(check(at, flipped)).toBe(false);
    }
    for (let n = 0; n < body.length; n++) {
      const other = Buffer.from(body);
      other[n] = (other[n] ?? 0) ^ 1;
      expect(check(at, good, other)).toBe(false);
    }
  });

  it.each([
    ["", ""],
    ["now", "v0=x"],
    ["1700000000", ""],
    ["1700000000.5", "v0=00"],
    ["-1", "v1=00"],
  ])("timestamp %j, signature %j is refused", (timestamp, signature) => {
    expect(check(timestamp, signature)).toBe(false);
  });
});

describe("the replay guard", () => {
  it("takes a signature once while it is valid, and forgets it afterwards", () => {
    const isFirst = createReplayGuard();
    expect(isFirst("a", 0)).toBe(true);
    expect(isFirst("a", 599_000)).toBe(false);
    expect(isFirst("b", 600_001)).toBe(true);
    expect(isFirst("a", 600_001)).toBe(true);
  });
});
