import { describe, expect, it } from "vitest";
import {
  placeOfThread,
  SAY_TROUBLE,
  troubleOfChannel,
  troubleOfRefusal,
} from "../../../src/core/rules/channel.ts";
import { CHANNEL_TROUBLES, type ChannelTrouble } from "../../../src/core/words/channel.ts";

describe("what Slack says of a channel", () => {
  const cases: [Parameters<typeof troubleOfChannel>[0], ChannelTrouble | undefined][] = [
    [{ is_member: true }, undefined],
    [{ is_im: true }, undefined],
    [{ is_member: false }, "not-member"],
    [{}, "not-member"],
    [{ is_member: true, is_archived: true }, "archived"],
    [{ is_member: true, is_ext_shared: true }, "shared"],
    [{ is_member: true, is_pending_ext_shared: true }, "shared"],
    [{ is_im: true, is_ext_shared: true }, "shared"],
    // Nobody outside must read along, whatever else is wrong with it.
    [{ is_member: false, is_archived: true, is_ext_shared: true }, "shared"],
  ];
  it.each(cases)("%j: %s", (facts, trouble) => {
    expect(troubleOfChannel(facts)).toBe(trouble);
  });

  it("a refusal is about the channel or not", () => {
    expect(troubleOfRefusal("channel_not_found")).toBe("not-found");
    expect(troubleOfRefusal("is_archived")).toBe("archived");
    expect(troubleOfRefusal("restricted_action_read_only_channel")).toBe("restricted");
    expect(troubleOfRefusal("invalid_blocks")).toBeUndefined();
    expect(troubleOfRefusal("constructor")).toBeUndefined();
  });

  it("a private channel without the bot is not said to be absent", () => {
    expect(SAY_TROUBLE["not-found"].because).toContain("private");
    expect(SAY_TROUBLE["not-found"].fix).toMatch(/^invite it there/);
  });
});

describe("where a thread goes", () => {
  const where = (takes: readonly string[], meantFor?: string, fallback: string | undefined = "C0OPS") =>
    placeOfThread({ channel: "C0HERE", meantFor }, fallback, (channel) =>
      takes.includes(channel) ? undefined : CHANNEL_TROUBLES[0],
    );

  it("stays while it can", () => expect(where(["C0HERE", "C0OPS"], "C0HOME")).toBe("stay"));
  it("goes to the fallback", () => expect(where(["C0OPS"])).toEqual({ move: "C0OPS" }));
  it("goes home first", () => expect(where(["C0OPS", "C0HOME"], "C0HOME")).toEqual({ move: "C0HOME" }));
  it("goes nowhere when none takes it", () => {
    expect(where([], "C0HOME")).toBe("nowhere");
    expect(placeOfThread({ channel: "C0HERE" }, "C0HERE", () => "archived")).toBe("nowhere");
    expect(placeOfThread({ channel: "C0HERE" }, undefined, () => "archived")).toBe("nowhere");
  });
});
