import { describe, expect, it } from "vitest";
import { alertLinks } from "../../../src/core/rules/alert-links.ts";
import type { AlertView } from "../../../src/core/words/view.ts";

const alert = (annotations: Record<string, string>, generatorURL = ""): AlertView => ({
  status: "firing",
  labels: {},
  annotations,
  startsAt: new Date(0),
  generatorURL,
});

describe("links of alerts", () => {
  it("come from known annotations and the generator, runbooks first and each address once", () => {
    const links = alertLinks([
      alert(
        { dashboard_url: "https://grafana/d/1", runbook_url: "https://wiki/db" },
        "http://prom:9090/graph?g0",
      ),
      alert({ runbook_url: "https://wiki/db", summary: "https://no.link" }, "http://prom:9090/graph?g0"),
    ]);
    expect(links).toEqual([
      { label: "Runbook", url: "https://wiki/db" },
      { label: "Dashboard", url: "https://grafana/d/1" },
      { label: "Graph", url: "http://prom:9090/graph?g0" },
    ]);
  });

  it.each([
    "",
    "not an address",
    "javascript:alert(1)",
    "file:///etc/passwd",
    `https://x/${"a".repeat(2_000)}`,
  ])("are http and https only and of bounded length: %.30s", (url) =>
    expect(alertLinks([alert({ runbook_url: url }, url)])).toEqual([]),
  );

  it("lose a name and a password, and are few", () => {
    const many = Array.from({ length: 50 }, (_, i) => alert({ runbook_url: `https://u:secret@wiki/${i}` }));
    const links = alertLinks(many);
    expect(links).toHaveLength(6);
    expect(links[0]?.url).toBe("https://wiki/0");
  });
});
