import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadConfig } from "../../../src/config/load.ts";
import { kinds } from "../../../src/connectors/index.ts";
import { DiagError } from "../../../src/core/words/errors.ts";

let cwd = "";
beforeAll(() => {
  cwd = mkdtempSync(join(tmpdir(), "diagbot-config-"));
});
afterAll(() => rmSync(cwd, { recursive: true }));

const env = {
  DATABASE_URL: "postgres://diagbot:own-secret@db/diagbot",
  PAGER_KEY: "pager-secret-1",
  MAIL_PASSWORD: "mail-secret-2",
};
const load = (yaml: string) => {
  writeFileSync(
    join(cwd, "diagbot.yaml"),
    `people: { ann: { slack: [U0ANN], roles: [oncall] } }\npolicies: {}\nsystems: { shop: {} }\n${yaml}`,
  );
  return loadConfig({ env, cwd, kinds });
};
const refusal = (yaml: string): string => {
  try {
    load(yaml);
  } catch (error) {
    if (error instanceof DiagError) return error.message;
    throw error;
  }
  throw new Error("it was accepted");
};
const WEBHOOKS = `webhooks:
  pager: { kind: pagerduty, routingKey: "\${PAGER_KEY}" }
  duty: { kind: opsgenie, apiKey: "opsgenie-key", url: "https://api.eu.opsgenie.com/v2/alerts" }
  hook: { kind: json, url: "http://10.0.0.9/hook?token=in-the-url", hmac: "0123456789abcdef" }
  mail: { kind: smtp, url: "smtps://bot:\${MAIL_PASSWORD}@mail.example.com", from: bot@example.com, to: [oncall@example.com] }
`;

describe("escalate: and webhooks:", () => {
  it("are read as written, a system's own and a severity's beside the common one", () => {
    const config = load(`${WEBHOOKS}escalate:
  after: 10m
  to: [{ usergroup: S0ONCALL }, { webhook: pager }, { webhook: duty }, { webhook: hook }, { webhook: mail }]
  severities: { warning: { after: 1h, to: [{ channel: C0OPS }] } }
`);
    expect(config.escalate).toMatchObject({
      after: 600_000,
      to: [{ usergroup: "S0ONCALL" }, { webhook: "pager" }, {}, {}, {}],
      severities: { warning: { after: 3_600_000, to: [{ channel: "C0OPS" }] } },
    });
    expect(config.webhooks.pager).toMatchObject({ url: "https://events.pagerduty.com/v2/enqueue" });
    expect(config.warnings.filter((one) => /escalat|webhook/.test(one))).toEqual([]);
  });

  it("keep every key secret, and the addresses that hold one", () => {
    const { secrets } = load(`${WEBHOOKS}`);
    for (const secret of [
      "pager-secret-1",
      "opsgenie-key",
      "0123456789abcdef",
      "in-the-url",
      "mail-secret-2",
    ])
      expect(secrets).toContain(secret);
  });

  it.each([
    [
      "escalate: { after: 10m, to: [{ webhook: pagr }] }",
      'there is no webhook "pagr"; did you mean "pager"?',
    ],
    ["escalate: { to: [] }", "escalate.after: is missing"],
    ["escalate: { after: 10m, to: [{ usergrup: S0A }] }", 'unknown key "usergrup"'],
    ["escalate: { after: 10m, to: [{ usergroup: oncall }] }", "the id of a Slack user group"],
  ])("%s is answered with place and remedy", (yaml, why) => {
    expect(refusal(`${WEBHOOKS}${yaml}`)).toMatch(/^diagbot\.yaml:\d+:\d+/);
    expect(refusal(`${WEBHOOKS}${yaml}`)).toContain(why);
  });

  it.each([
    ["pager: { kind: pagerdooty, routingKey: k }", 'did you mean "pagerduty"?'],
    ["x: { kind: json, url: 'https://example.com/' }", "needs `hmac` or `bearer`"],
    [
      "x: { kind: ticket, url: 'https://t.example.com/', headers: {}, id: key, body: { a: '{titel}' } }",
      "without {titel}",
    ],
    [
      "x: { kind: ticket, url: 'https://t.example.com/', headers: {}, id: key, body: {}, link: 'https://t.example.com/' }",
      "an address with {id}",
    ],
    [
      "x: { kind: ticket, url: 'https://t.example.com/', headers: {}, id: key, body: {}, update: { url: 'http://t.example.com/{id}', body: {} } }",
      "to a public host without TLS",
    ],
    ["x: { kind: json, url: 'ftp://example.com/', bearer: b }", "an http(s) address"],
    ["x: { kind: json, url: 'http://example.com/', bearer: b }", "to a public host without TLS"],
    [
      "x: { kind: smtp, url: 'smtp://mail.internal', from: 'Bot <b@x>', to: [a@b] }",
      "a mail address without a name",
    ],
  ])("webhooks: %s is refused", (entry, why) => {
    expect(refusal(`webhooks:\n  ${entry}\n`)).toContain(why);
  });

  it("warn of a webhook that nobody names", () => {
    expect(load(WEBHOOKS).warnings.join("\n")).toContain("no level of `escalate` names it");
  });
});
