import { expect, test } from "vitest";
import { type Answered, outcomeOf, whyNoAddress } from "../../../src/connectors/network/answers.ts";
import { domainsIn } from "../../../src/connectors/network/search-domains.ts";

test.each([
  ["ok", "ENOTFOUND", "ok"],
  ["ESERVFAIL", "ENOTFOUND", "ESERVFAIL"],
  ["ENOTFOUND", "ESERVFAIL", "ESERVFAIL"],
  ["ETIMEOUT", "ENODATA", "ETIMEOUT"],
  ["ENODATA", "ENOTFOUND", "ENODATA"],
  ["ENOTFOUND", "ENOTFOUND", "ENOTFOUND"],
])("A %s and AAAA %s are %s", (a, aaaa, outcome) => {
  expect(outcomeOf(a, aaaa)).toBe(outcome);
});

const answered = (server: string, a: string, aaaa = a === "ok" ? "ENODATA" : a): Answered => ({
  server,
  a,
  aaaa,
  outcome: outcomeOf(a, aaaa),
  ms: 1,
  addresses: a === "ok" ? ["10.0.0.5"] : [],
});

test.each([
  [
    "musl takes an AAAA of NXDOMAIN for the name",
    [answered("1.1.1.1", "ok", "ENOTFOUND")],
    "DNS_HALF",
    /the name exists/,
  ],
  [
    "one denies, one knows",
    [answered("a", "ENOTFOUND"), answered("b", "ok")],
    "DNS_DISAGREE",
    /a says .* b gives 10\.0\.0\.5/,
  ],
  [
    "one fails, one denies",
    [answered("a", "ESERVFAIL"), answered("b", "ENOTFOUND")],
    "DNS_UNSURE",
    /none of the name servers knows it, and not all could say: a fails/,
  ],
  ["one is none", [answered("a", "EBADRESP")], "EBADRESP", /no DNS/],
  ["all deny", [answered("a", "ENOTFOUND"), answered("b", "ENOTFOUND")], "ENOTFOUND", /does not exist/],
  ["no address", [answered("a", "ENODATA")], "ENODATA", /no address/],
  ["all silent", [answered("a", "ETIMEOUT"), answered("b", "ETIMEOUT")], "dns", /no answer/],
  ["nobody there", [answered("a", "ECONNREFUSED")], "NO_RESOLVER", /nothing answers/],
  [
    "a failure before the one that knows",
    [answered("a", "ESERVFAIL"), answered("b", "ok")],
    "ESERVFAIL",
    /although one/,
  ],
] as const)("%s", (_name, all, detail, message) => {
  const failure = whyNoAddress("shop.lab", all);
  expect(failure?.detail).toBe(detail);
  expect(failure?.message).toMatch(message);
});

test("a server that knows the name explains no failure of this machine's own", () => {
  expect(whyNoAddress("shop.lab", [answered("a", "ok")])).toBeUndefined();
});

test("the last of the lines with search domains counts", () => {
  expect(domainsIn("nameserver 1.1.1.1\nsearch a.lab b.lab\noptions ndots:5\n")).toEqual(["a.lab", "b.lab"]);
  expect(domainsIn("search a.lab\ndomain c.lab\n")).toEqual(["c.lab"]);
  expect(domainsIn("search .\n")).toEqual([]);
  expect(domainsIn("")).toEqual([]);
});
