// What SHOW PROCESSLIST says of sessions that wait for a full disk, and when it does not show them.
import { describe, expect, it } from "vitest";
import { isHidden, waitsIn } from "../../../../src/connectors/mysql/actions/space-waits.ts";

const row = (Id: number, User: string, State = "", Time = 0) => ({ Id, User, State, Time });
const own = row(9, "diagbot", "starting");

describe("waits for space", () => {
  it("are counted by what MariaDB and MySQL call them, with the longest", () => {
    expect(
      waitsIn([
        own,
        row(1, "app", "Waiting for someone to free space", 18),
        row(2, "app", "Waiting for disk space", 90),
      ]),
    ).toEqual({ sessions: 2, longestSeconds: 90, state: "Waiting for someone to free space" });
  });

  it("are no waits for anything else", () => {
    const others = ["Waiting for table metadata lock", "Waiting for commit", "Sending data", ""];
    expect(waitsIn(others.map((state, n) => row(n, "app", state, 90)))).toBeNull();
  });
});

describe("others' sessions are hidden", () => {
  const self = { self: 9 };
  it("where more are connected than are shown, all of one account", () => {
    expect(isHidden([own], self, 7)).toBe(true);
    expect(isHidden([own, row(10, "diagbot")], self, 7)).toBe(true);
  });
  it("not where nobody else is connected, or others are shown", () => {
    expect(isHidden([own], self, 1)).toBe(false);
    // One came between the two looks.
    expect(isHidden([own, row(1, "app")], self, 3)).toBe(false);
    expect(isHidden([own], self, null)).toBe(false);
  });
});
