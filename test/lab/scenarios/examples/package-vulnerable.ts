import { exampleScenario } from "./example.ts";

const FINE = { name: "fastapi", version: "0.115.0", vulns: [] };

export const packageVulnerable = exampleScenario({
  id: "examples/package-vulnerable",
  example: "resync",
  check: "vulnerable-packages",
  items: ["resync.vulnerability-reports"],
  situation: "one of the installed packages is known to be vulnerable",
  twin: "many packages, of which nothing is known",
  alert: { name: "PackageVulnerable", severity: "warning", summary: "A package is vulnerable" },
  expect: { first: "id-absent", remedy: "advice-id-absent" },
  broken: {
    audit: {
      dependencies: [
        FINE,
        { name: "jinja2", version: "3.1.3", vulns: [{ id: "PYSEC-2024-0001", fix_versions: ["3.1.6"] }] },
      ],
    },
  },
  healthy: { audit: { dependencies: [FINE, { name: "jinja2", version: "3.1.6", vulns: [] }] } },
});
