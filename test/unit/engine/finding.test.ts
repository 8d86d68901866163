import { describe, expect, it } from "vitest";
import { clipId, safeFinding } from "../../../src/engine/finding.ts";
import { knownRedactor, redactor } from "../../../src/lib/redact.ts";

const deps = { redact: redactor(["s3cr3tCanary"]), redactKnown: knownRedactor(["s3cr3tCanary"]) };
const finding = { severity: "warning", title: "t", because: "b" } as const;

describe("a finding as it is recorded", () => {
  it("keeps its id where that only looks like a secret", () => {
    const { id, remedies } = safeFinding(deps, {
      ...finding,
      id: "credentials:crm",
      remedies: ["renewToken"],
    });
    expect(id).toBe("credentials:crm");
    expect(remedies).toEqual(["renewToken"]);
  });

  it("loses secrets everywhere else, and known ones in its id too", () => {
    const safe = safeFinding(deps, {
      ...finding,
      id: "down:s3cr3tCanary",
      title: "password=hunter2",
      evidence: [{ kind: "code", text: "s3cr\u200b3tCanary" }],
    });
    expect(safe.id).toBe("down:[redacted]");
    expect(JSON.stringify(safe)).not.toMatch(/hunter2|s3cr/);
  });

  it("has an id of at most 100 characters, and different ones stay different", () => {
    const long = (end: string) => `restarts:${"x".repeat(112)}${end}`;
    const { id } = safeFinding(deps, { ...finding, id: long("1") });
    expect(id).toHaveLength(100);
    expect(clipId(long("1"))).toBe(id);
    expect(clipId(long("2"))).not.toBe(id);
    expect(clipId("down")).toBe("down");
  });
});
