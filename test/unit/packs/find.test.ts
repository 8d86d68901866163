import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { lackOfApi } from "../../../src/packs/api.ts";
import { findPack } from "../../../src/packs/find.ts";
import { isInRange } from "../../../src/packs/range.ts";
import { API, VERSION } from "../../../src/version.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "diagbot-packs-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

function file(name: string, text = ""): string {
  mkdirSync(dirname(join(folder, name)), { recursive: true });
  writeFileSync(join(folder, name), text);
  return join(folder, name);
}
const labels = (name: string) => findPack(name, folder).modules.map(({ label }) => label);

describe("a folder", () => {
  it("is all its code, without tests, types, hidden files and other packages", () => {
    for (const name of ["b.ts", "sub/a.mjs", "a.js", "a.test.ts", "a.spec.js", "types.d.ts", "notes.md"])
      file(`books/${name}`);
    file("books/node_modules/other/index.js");
    file("books/.git/hook.js");
    expect(labels("./books")).toEqual(["./books/a.js", "./books/b.ts", "./books/sub/a.mjs"]);
    expect(labels("./books/")).toEqual(labels("./books"));
  });

  it("is its index where it has one", () => {
    for (const name of ["index.ts", "a.ts", "sub/index.ts"]) file(`books/${name}`);
    expect(labels("./books")).toEqual(["./books/index.ts"]);
  });

  it("may consist of links, as a mounted ConfigMap does", () => {
    file("books/..data/a.ts");
    symlinkSync("..data/a.ts", join(folder, "books/a.ts"));
    expect(labels("./books")).toEqual(["./books/a.ts"]);
  });

  it("may be one file", () => {
    file("one.ts");
    expect(labels("./one.ts")).toEqual(["./one.ts"]);
    file("one.py");
    expect(() => labels("./one.py")).toThrow(".py files are not read: use .ts, .mts, .js or .mjs");
  });

  it("that is not there, or empty, says so", () => {
    mkdirSync(join(folder, "empty"));
    expect(() => labels("./none")).toThrow(`there is no ${join(folder, "none")}`);
    expect(() => labels("./empty")).toThrow("there is no .ts, .mts, .js or .mjs file in");
  });
});

describe("a package", () => {
  it("is looked for as Node does, from the folder upwards", () => {
    file("node_modules/@acme/books/package.json", '{"name":"@acme/books"}');
    mkdirSync(join(folder, "deep/er"), { recursive: true });
    expect(findPack("@acme/books", join(folder, "deep/er"))).toMatchObject({
      root: join(folder, "node_modules/@acme/books"),
      isPackage: true,
      manifest: { name: "@acme/books" },
      modules: [{ label: "@acme/books" }],
    });
  });

  it("that is not there says what to do", () => {
    mkdirSync(join(folder, "books"));
    expect(() => labels("books")).toThrow('there is no such package; did you mean "./books"?');
    expect(() => labels("@acme/none")).toThrow("npm install @acme/none");
    expect(() => labels("../../etc x")).toThrow("there is no");
    expect(() => labels("No Name")).toThrow("neither a path that begins with ./ nor the name of a package");
  });
});

describe("the version of diagbot/sdk", () => {
  const lack = (manifest: unknown, isPackage = true) => lackOfApi({ manifest, isPackage });

  it("is that of this diagbot, by number or by range", () => {
    expect(lack({ diagbot: { api: API } })).toBeUndefined();
    expect(lack({ peerDependencies: { diagbot: `^${VERSION}` } })).toBeUndefined();
    expect(lack(undefined, false)).toBeUndefined();
  });

  it("is another one: both are said", () => {
    expect(lack({ diagbot: { api: API + 1 } })).toContain(
      `version ${API + 1} of diagbot/sdk, and diagbot ${VERSION} has version ${API}`,
    );
    expect(lack({ diagbot: { api: API + 1 } }, false)).toBeDefined();
    expect(lack({ peerDependencies: { diagbot: "^99.0.0" } })).toBe(
      `it wants diagbot ^99.0.0, and this is ${VERSION}`,
    );
  });

  it("must be said by a package", () => {
    const sayIt = `write "diagbot": { "api": ${API} } into its package.json`;
    for (const manifest of [{}, { diagbot: { api: "one" } }, { peerDependencies: { diagbot: "git+x" } }])
      expect(lack(manifest)).toContain(sayIt);
  });

  it.each([
    ["0.1.0", "^0.1.0", true],
    ["0.2.0", "^0.1.0", false],
    ["0.1.9", "~0.1.2", true],
    ["0.1.1", "~0.1.2", false],
    ["1.4.0", "^1.2", true],
    ["2.0.0", "^1.2", false],
    ["1.4.0", "1.x", true],
    ["2.0.0", "1 || 2", true],
    ["1.5.0", ">=1.2.0 <1.5.0", false],
    ["1.4.9", ">= 1.2.0 < 1.5.0", true],
    ["1.4.0", ">1.4.0", false],
    ["1.5.0", ">1.4", true],
    ["1.4.9", "<=1.4", true],
    ["1.4.0", "=1.4.0", true],
    ["1.4.1", "1.4.0", false],
    ["0.0.4", "^0.0.3", false],
    ["7.0.0", "*", true],
    ["1.0.0", "file:../diagbot", undefined],
    ["1.0.0", "1.0.0-beta.1", undefined],
  ])("%s in %s: %s", (version, range, fits) => {
    expect(isInRange(version, range)).toBe(fits);
  });
});
