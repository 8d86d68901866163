import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { driftOf, LOCK, readLock, sumsOf, writeLock } from "../../../src/packs/lock.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "diagbot-lock-"));
  mkdirSync(join(folder, "books/sub"), { recursive: true });
  for (const name of ["b.ts", "a.ts", "sub/c.ts"]) writeFileSync(join(folder, "books", name), `// ${name}\n`);
});
afterEach(() => rmSync(folder, { recursive: true }));
const books = () => sumsOf(join(folder, "books"));

it("is what sha256sum says of the files in order, and of its own lines", () => {
  const shell = "find . -type f | sed 's#^./##' | LC_ALL=C sort | xargs sha256sum | sha256sum";
  const cwd = join(folder, "books");
  expect(execFileSync("sh", ["-c", shell], { cwd, encoding: "utf8" })).toBe(`${books().sha256}  -\n`);
});

it("is kept and read again", () => {
  expect(readLock(folder)).toBeUndefined();
  writeLock(folder, { "./books": books() });
  expect(readLock(folder)).toEqual({ version: 1, packs: { "./books": books() } });
  expect(driftOf(readLock(folder)?.packs["./books"], books())).toBeUndefined();
});

it("shows what is new, gone and changed", () => {
  const before = books();
  writeFileSync(join(folder, "books/a.ts"), "// another");
  writeFileSync(join(folder, "books/d.ts"), "");
  rmSync(join(folder, "books/b.ts"));
  expect(driftOf(before, books())).toBe(
    "it is not what diagbot.lock says: a.ts changed, b.ts gone, d.ts new",
  );
  expect(driftOf(undefined, before)).toBe("it is not in diagbot.lock");
});

it("a name says nothing of its own: the same bytes elsewhere are another pack", () => {
  const before = books();
  rmSync(join(folder, "books/a.ts"));
  writeFileSync(join(folder, "books/z.ts"), "// a.ts\n");
  expect(books().sha256).not.toBe(before.sha256);
});

it.each(["", "{", '{"version":2,"packs":{}}', '{"version":1,"packs":{"./books":"ab"}}'])(
  "that cannot be understood pins nothing and says so: %s",
  (text) => {
    writeFileSync(join(folder, LOCK), text);
    expect(() => readLock(folder)).toThrow("write it again with `diagbot packs lock`");
  },
);
