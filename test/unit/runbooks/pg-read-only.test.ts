import { expect, it } from "vitest";
import { adviseReadOnly, readOnlyFinding } from "../../../runbooks/postgres/read-only.ts";

const state = (more: object = {}) => ({
  ...{ inRecovery: false, isReadOnly: true, readOnlySource: "user", database: "shop", role: "app" },
  ...more,
});

it.each([
  ["the role of the URL alone", {}, "info read-only-role"],
  ["the role, in one database", { readOnlySource: "database user" }, "info read-only-role"],
  ["a database", { readOnlySource: "database" }, "critical read-only"],
  ["everybody", { readOnlySource: "configuration file" }, "critical read-only"],
  ["nobody", { isReadOnly: false }, undefined],
  ["a standby, which others tell", { inRecovery: true }, undefined],
])("read-only by default for %s", (_whom, more, told) => {
  const found = readOnlyFinding(state(more));
  expect(found && `${found.severity} ${found.id}`).toBe(told);
});

it("names in what is to be pasted are quoted, and a primary is never promoted", () => {
  const names = { role: 'app"; DROP TABLE x', database: "my shop" };
  expect(adviseReadOnly(state(names))).toContain('ALTER ROLE "app""; DROP TABLE x" RESET');
  expect(adviseReadOnly(state({ ...names, readOnlySource: "database" }))).toContain(
    'ALTER DATABASE "my shop" RESET',
  );
  expect(adviseReadOnly(state())).not.toMatch(/pg_promote|promote it/);
});
