import { describe, expect, it } from "vitest";
import { groupLines, LogQuestion } from "../../../src/connectors/log-groups.ts";
import { keyOf } from "../../../src/connectors/log-keys.ts";
import { readLine } from "../../../src/connectors/log-line.ts";

describe("what keeps lines apart", () => {
  it.each([
    ['{"msg":"denied","client_ip":"10.0.0.7"}', "10.0.0.7"],
    ["WARNING authentication failed for bob from 203.0.113.9 port 22", "203.0.113.9"],
    ["level=warning remote_addr=203.0.113.9:5511 msg=denied", "203.0.113.9"],
    ["denied 2001:DB8::7", "2001:db8::7"],
    ["version 1.2.3 at 12:30:45", undefined],
    ["999.1.1.1 is no address", undefined],
    ["nobody says", undefined],
  ])("address: %s", (text, key) => expect(keyOf(readLine(text), "address")).toBe(key));

  it.each([
    ['{"path":"/orders/17/items?page=2","duration_ms":12}', "/orders/<n>/items"],
    ['10.0.0.7 - - [x] "GET /users/0b5c6b0e-4d5f-4a5e-9d0e-0123456789ab HTTP/1.1" 200', "/users/<id>"],
    ['{"url":"https://shop.example/cart","took":3}', "/cart"],
    ['{"path":"cart"}', undefined],
    ["GETTING /there slowly", undefined],
  ])("path: %s", (text, key) => expect(keyOf(readLine(text), "path")).toBe(key));

  it("a field, whatever its capitals; an empty one is none", () => {
    expect(keyOf(readLine("User=alice a=1"), "USER")).toBe("alice");
    expect(keyOf(readLine('{"user":""}'), "user")).toBeUndefined();
  });
});

const request = (at: number, path: string, ms: number | null) =>
  readLine(JSON.stringify({ path, ...(ms === null ? {} : { duration_ms: ms }) }), at);

describe("lines kept apart", () => {
  const ask = LogQuestion.parse({ minutes: 1, by: "path" });

  it("have percentiles of all that say how long they took, within the time looked at only", () => {
    const lines = [
      request(30, "/orders/1", 90_000),
      ...Array.from({ length: 100 }, (_one, n) => request(100, `/orders/${n}`, n + 1)),
      request(101, "/cart", null),
    ];
    const { groups } = groupLines(lines, ask, 130, true);
    expect(groups).toMatchObject([
      { template: "/orders/<n>", count: 100, before: 1, medianMs: 50, p95Ms: 95, longestMs: 90_000 },
      { template: "/cart", count: 1, before: 0, medianMs: null, p95Ms: null, longestMs: null },
    ]);
  });

  it("one slow request of many is no slow path: its longest shows it, the 95th of 100 does not", () => {
    const lines = [...Array.from({ length: 99 }, () => request(100, "/a", 5)), request(100, "/a", 8_000)];
    expect(groupLines(lines, ask, 130, true).groups[0]).toMatchObject({ p95Ms: 5, longestMs: 8_000 });
  });

  it("most frequent first, whatever their level, which is the gravest; what has no key is counted", () => {
    const lines = [
      readLine("ERROR denied 10.0.0.1", 100),
      readLine("INFO denied 10.0.0.2", 100),
      readLine("ERROR denied 10.0.0.2", 101),
      readLine("INFO no address", 100),
    ];
    const found = groupLines(lines, LogQuestion.parse({ minutes: 1, by: "address" }), 130, true);
    expect(found.groups.map(({ template, count, level }) => [template, count, level])).toEqual([
      ["10.0.0.2", 2, "error"],
      ["10.0.0.1", 1, "error"],
    ]);
    expect(found).toMatchObject({ matched: 4, keyless: 1 });
  });
});
