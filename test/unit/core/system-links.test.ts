import { describe, expect, it } from "vitest";
import { systemLinks } from "../../../src/core/rules/system-links.ts";
import { SystemLink } from "../../../src/core/words/link.ts";
import { fc } from "../../helpers/property.ts";

const about = {
  system: "shop",
  since: new Date("2026-11-22T03:10:00Z"),
  until: new Date("2026-11-22T04:00:00Z"),
  labels: { instance: "db2:5432" },
};
const link = (url: string) => SystemLink.parse({ label: "Page", url });
const urls = (url: string, more: Partial<Parameters<typeof systemLinks>[1]> = {}) =>
  systemLinks([link(url)], { ...about, ...more }).map((one) => one.url);

describe("links of a system", () => {
  it("show the time from half an hour before until ten minutes after", () => {
    expect(urls("https://g.acme.com/d/x?from={from}&to={to}&s={system}")).toEqual([
      "https://g.acme.com/d/x?from=1795315200000&to=1795320600000&s=shop",
    ]);
    expect(urls("https://l.acme.com/?a={fromIso}&b={toSeconds}")).toEqual([
      "https://l.acme.com/?a=2026-11-22T02%3A40%3A00.000Z&b=1795320600",
    ]);
  });

  it("do not move while it goes on: the message would be edited with every look", () => {
    expect(urls("https://g.acme.com/?to={toIso}", { until: undefined })).toEqual([
      "https://g.acme.com/?to=2026-11-22T04%3A10%3A00.000Z",
    ]);
  });

  it("that name a label which is not there are left out", () => {
    expect(urls("https://g.acme.com/?i={labels.instance}")).toEqual(["https://g.acme.com/?i=db2%3A5432"]);
    expect(urls("https://g.acme.com/?i={labels.pod}")).toEqual([]);
  });

  it("keep their host and their parameters, whatever a label says", () => {
    fc.assert(
      fc.property(fc.string(), (instance) => {
        const [url = ""] = urls("https://g.acme.com/d/x?i={labels.instance}&end=1", { labels: { instance } });
        const { host, pathname, searchParams, hash } = new URL(url);
        expect({ host, pathname, hash, end: searchParams.getAll("end") }).toEqual({
          ...{ host: "g.acme.com", pathname: "/d/x", hash: "", end: ["1"] },
        });
        expect([...searchParams.keys()]).toEqual(["i", "end"]);
      }),
    );
  });

  it.each([
    ["ftp://g.acme.com/", "http or https"],
    ["https://{labels.instance}/d", "in its host"],
    ["https://user:word@g.acme.com/", "in its host"],
    ["https://g.acme.com/?a={form}", "{form} is not known"],
  ])("%s is refused: %s", (url, why) => {
    const tried = SystemLink.safeParse({ label: "Page", url });
    expect(tried.error?.issues.map(({ message }) => message).join()).toContain(why);
  });
});
