import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { stapled } from "../../../runbooks/network/staple.ts";
import { type Staple, stapleIn } from "../../../src/connectors/network/staple.ts";

const FACE = { name: "shop", kind: "http", endpoint: { host: "shop.lab", port: 443, tls: true } } as const;
const NOW = new Date("2026-06-01T00:00:00Z");
const good: Staple = {
  status: "good",
  revokedAt: null,
  thisUpdate: "2026-05-30T00:00:00Z",
  nextUpdate: "2026-06-06T00:00:00Z",
};
const said = (staple: Staple | null, mustStaple = false) => {
  const found = stapled(FACE, { staple, mustStaple }, NOW);
  return found === false ? "" : `${found.severity} ${found.id}`;
};

describe("a staple", () => {
  it.each([
    ["good", good, false, ""],
    ["none, where none is demanded", null, false, ""],
    ["none, though demanded", null, true, "warning no-staple:shop"],
    [
      "of a revoked certificate",
      { ...good, status: "revoked", revokedAt: "2026-05-29T00:00:00Z" },
      false,
      "critical revoked:shop",
    ],
    ["out of date", { ...good, nextUpdate: "2026-05-31T00:00:00Z" }, false, "warning staple-expired:shop"],
    ["without an end", { ...good, nextUpdate: null }, false, ""],
    ["of another certificate", { ...good, status: "other" }, false, "warning staple-other:shop"],
    [
      "of a certificate its issuer does not know",
      { ...good, status: "unknown" },
      false,
      "warning staple-unknown:shop",
    ],
    ["that is an error, where none is demanded", { ...good, status: "refused" }, false, ""],
    ["that is an error, though demanded", { ...good, status: "refused" }, true, "warning staple-broken:shop"],
  ] as const)("%s", (_what, staple, must, wanted) => expect(said(staple, must)).toBe(wanted));
});

describe("what is no OCSP response", () => {
  it.each(["", "30", "3082ffff", "3003020101", "30030a0106", "30800a0100", "300a0a0100a005300306012a"])(
    "%s is said to be none, or refused",
    (hex) => expect(["unreadable", "refused"]).toContain(stapleIn(Buffer.from(hex, "hex"), "01").status),
  );
  it("never reads beyond its end", () => {
    for (let length = 0; length < 64; length++)
      expect(stapleIn(Buffer.alloc(length, 0x30), "01").status).toBe("unreadable");
  });
});

describe("a real response", () => {
  let folder = "";
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "diagbot-ocsp-"));
    const sh = (line: string) => execFileSync("sh", ["-c", line], { cwd: folder, stdio: "pipe" });
    sh(
      "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ca.key -out ca.crt -subj /CN=ca -days 30",
    );
    sh("openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout l.key -out l.csr -subj /CN=l");
    sh("openssl x509 -req -in l.csr -CA ca.crt -CAkey ca.key -set_serial 0x0A1B -out l.crt -days 30");
    sh("printf 'V\\t301231000000Z\\t\\t0A1B\\tunknown\\t/CN=l\\n' > index.txt");
    const ask =
      "openssl ocsp -index index.txt -CA ca.crt -rsigner ca.crt -rkey ca.key -issuer ca.crt -cert l.crt -ndays 7 -respout";
    sh(`${ask} good.der`);
    sh("printf 'R\\t301231000000Z\\t260101120000Z\\t0A1B\\tunknown\\t/CN=l\\n' > index.txt");
    sh(`${ask} revoked.der`);
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const of = (file: string, serial = "0A1B") => stapleIn(readFileSync(join(folder, file)), serial);

  it("is read: good, revoked and since when, and of which certificate", () => {
    expect(of("good.der")).toMatchObject({ status: "good", revokedAt: null });
    expect(of("good.der").nextUpdate).toMatch(/^\d{4}-\d\d-\d\dT.*Z$/);
    expect(of("revoked.der")).toMatchObject({ status: "revoked", revokedAt: "2026-01-01T12:00:00.000Z" });
    expect(of("good.der", "0A1C").status).toBe("other");
  });
  it("that is cut anywhere is unreadable, never good", () => {
    const whole = readFileSync(join(folder, "good.der"));
    for (let length = 0; length < whole.length; length += 7)
      expect(stapleIn(whole.subarray(0, length), "0A1B").status).not.toBe("good");
  });
});
