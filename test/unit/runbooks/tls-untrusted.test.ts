import { describe, expect, it } from "vitest";
import { renewAbove } from "../../../runbooks/network/dates.ts";
import { whyNotNamed } from "../../../runbooks/network/host-names.ts";
import { whyUntrusted } from "../../../runbooks/network/untrusted.ts";

type Certificate = Parameters<typeof whyUntrusted>[0];
const now = new Date("2026-12-01T12:00:00Z");
const link = (subject: string, issuer: string, validTo = "2027-02-01T00:00:00Z") => ({
  ...{ subject, issuer, validFrom: "2026-06-01T00:00:00Z", validTo, isNeeded: true },
});
const certificate = (more: Partial<Certificate>): Certificate => ({
  ...{ protocol: "TLSv1.3", isTooOld: false, alsoTakes: null, refusal: null, names: ["shop.lab"] },
  ...{
    isSelfSigned: false,
    matchesHost: true,
    fingerprint: "",
    staple: null,
    mustStaple: false,
    elsewhere: [],
  },
  ...{ namesIssuerUrl: true, chain: [link("shop", "Middle")] },
  ...more,
});

describe("why nobody vouches for a certificate", () => {
  it.each([
    [
      "an intermediate is missing",
      { untrusted: "UNABLE_TO_VERIFY_LEAF_SIGNATURE" },
      /Middle is missing/,
      /fullchain/,
      /own authority/,
    ],
    [
      "self-signed",
      { untrusted: "DEPTH_ZERO_SELF_SIGNED_CERT", isSelfSigned: true },
      /self-signed/,
      /replace it/,
      /intermediate/,
    ],
    [
      "a private root, sent",
      { untrusted: "SELF_SIGNED_CERT_IN_CHAIN", chain: [link("a", "R"), link("R", "R")] },
      /ends at R/,
      /own authority/,
      /fullchain/,
    ],
    [
      "for clients",
      { untrusted: "INVALID_PURPOSE" },
      /not for servers/,
      /right kind/,
      /fullchain|NODE_EXTRA/,
    ],
    [
      "SHA-1",
      { untrusted: "UNSPECIFIED", reason: "CA signature digest algorithm too weak" },
      /signature is too weak/,
      /SHA-256/,
      /NODE_EXTRA/,
    ],
    [
      "a short key",
      { untrusted: "UNSPECIFIED", reason: "EE certificate key too weak" },
      /key is too weak/,
      /2048/,
      /NODE_EXTRA/,
    ],
    [
      "names out of bounds",
      { untrusted: "UNSPECIFIED", reason: "permitted subtree violation" },
      /may not sign/,
      /may sign/,
      /NODE_EXTRA/,
    ],
    [
      "words nobody knows",
      { untrusted: "UNSPECIFIED", reason: "strange" },
      /strange/,
      /s_client/,
      /NODE_EXTRA/,
    ],
  ] satisfies [string, Partial<Certificate>, RegExp, RegExp, RegExp][])(
    "%s",
    (_what, more, what, next, not) => {
      const why = whyUntrusted(certificate(more));
      expect(why.what).toMatch(what);
      expect(why.next).toMatch(next);
      expect(why.next).not.toMatch(not);
    },
  );
});

describe("what to renew", () => {
  const gone = "2026-11-01T00:00:00Z";
  const dated = (chain: Certificate["chain"], verdict: string) =>
    renewAbove(certificate({ chain, verdict }), now, 14);
  it("is what ran out: the certificate itself, an intermediate or the root", () => {
    expect(dated([link("shop", "Middle", gone)], "CERT_HAS_EXPIRED")).toBeUndefined();
    expect(dated([link("shop", "Middle"), link("Middle", "R", gone)], "CERT_HAS_EXPIRED")).toContain(
      "the successor of Middle from R",
    );
    expect(dated([link("shop", "R"), link("R", "R", gone)], "CERT_HAS_EXPIRED")).toContain("R is a root");
  });
});

it("an address among the host names is none of the addresses", () => {
  const of = (names: string[]) => whyNotNamed("10.0.0.5", { names, chain: [] }).short;
  expect(of(["10.0.0.5"])).toContain("as if it were a host name");
  expect(of(["shop.lab"])).toContain("asked for by its IP address");
});

it.each([
  ["(STAGING) Pretend Pear X1", /staging authority/, /acme-v02/],
  ["Zscaler Root CA", /a proxy that reads TLS stands between/, /take the host out of the inspection/],
])("an issuer that tells by its name: %s", (issuer, what, next) => {
  const chain = [link("shop", issuer), link(issuer, issuer)];
  const why = whyUntrusted(certificate({ untrusted: "SELF_SIGNED_CERT_IN_CHAIN", chain }));
  expect(why.what).toMatch(what);
  expect(why.next).toMatch(next);
  const own = whyUntrusted(
    certificate({
      untrusted: "SELF_SIGNED_CERT_IN_CHAIN",
      chain: [link("shop", "Lab Root"), link("Lab Root", "Lab Root")],
    }),
  );
  expect(own.what).toContain("Lab Root, which is not trusted here");
});
