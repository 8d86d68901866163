import { describe, expect, it } from "vitest";
import { askedIn } from "../../../src/ingress/guide-words.ts";
import { makeSystem } from "../../make/system.ts";
import { bookOf, catalogOf, none } from "./fixtures.ts";

const catalog = catalogOf({
  runbooks: [bookOf({ id: "a", params: none, covers: ["shop.queue-stuck", "shop.slow", "mail.lost"] })],
  systems: [makeSystem("shop"), makeSystem("mail")],
});
const of = (text: string, systems = catalog.systems) => {
  const asked = askedIn(catalog, systems, text.split(" ").filter(Boolean));
  if (asked.do === "systems") return "systems";
  return asked.do === "begin"
    ? `begin ${asked.item} on ${asked.system.id}`
    : `list ${asked.system.id} ${asked.words.join("+")}`;
};

describe("what stands behind /diag guide", () => {
  it.each([
    ["", "systems"],
    ["shop", "list shop "],
    ["shop Queue", "list shop queue"],
    ["shop queue-stuck", "begin shop.queue-stuck on shop"],
    ["shop.queue-stuck", "begin shop.queue-stuck on shop"],
    ["queue-stuck shop", "begin shop.queue-stuck on shop"],
    ["mail.lost shop", "begin mail.lost on shop"],
    ["shop mail.lost", "begin mail.lost on shop"],
  ])("%j", (text, meant) => {
    expect(of(text)).toBe(meant);
  });

  it("needs no system where there is only one", () => {
    const [shop] = catalog.systems;
    if (shop === undefined) throw new Error("no system");
    expect(of("", [shop])).toBe("list shop ");
    expect(of("queue-stuck", [shop])).toBe("begin shop.queue-stuck on shop");
  });

  it.each([
    ["queue-stuck", "on which system?"],
    ["queue-stuk shop", "there is no item"],
    ["queue-stuck nowhere", 'there is no system "nowhere"'],
    ["queue-stuck shop more", "an item and a system"],
    ["<!channel> shop", "there is no item"],
  ])("%j is refused with what may be meant", (text, says) => {
    expect(() => of(text)).toThrow(says);
  });

  it("says which item may be meant", () => {
    expect(() => of("queue-stuk shop")).toThrow(
      expect.objectContaining({ hint: "did you mean `/diag guide queue-stuck shop`?" }),
    );
  });
});
