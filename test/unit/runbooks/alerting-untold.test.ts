import { expect, it } from "vitest";
import { wideOnes } from "../../../runbooks/alertmanager/silences.ts";
import { cluster, notTold, untold } from "../../../runbooks/alertmanager/untold.ts";
import { emptyIn } from "../../../src/connectors/alertmanager/state.ts";

type State = Parameters<typeof untold>[0];
const alert = (more: Partial<State["alerts"][number]>): State["alerts"][number] => ({
  ...{ fingerprint: "f", name: "A", severity: "critical", labels: { alertname: "A" }, since: "" },
  ...{ silencedBy: [], inhibitedBy: [], receivers: ["quiet"] },
  ...more,
});
const state = (more: Partial<State>): State => ({
  ...{ version: "0.28.0", startedAt: "2026-12-01T12:00:00Z", cluster: "ready", peers: 1, failedPeers: 0 },
  ...{ emptyReceivers: ["quiet"], alerts: [], silences: [], failing: [], configTaken: true, configAt: null },
  ...more,
});

it("receivers without a way out are read from the configuration as it is written", () => {
  const yaml = [
    "route:\n  receiver: team-x",
    'receivers:\n- name: team-x\n  webhook_configs:\n  - url: <secret>\n- name: "null"\n- name: quiet',
    "templates: []\n",
  ].join("\n");
  expect(emptyIn(yaml)).toEqual(["null", "quiet"]);
  expect([emptyIn(undefined), emptyIn("route: {}")]).toEqual([null, null]);
});

it.each([
  ["goes nowhere", alert({}), ["warning nowhere"]],
  ["is no grave one", alert({ severity: "info" }), ["info nowhere"]],
  ["has a second receiver", alert({ receivers: ["quiet", "hook"] }), []],
  ["is a heartbeat", alert({ name: "Watchdog" }), []],
  ["is silenced besides", alert({ silencedBy: ["s"] }), []],
  ["is of an older Alertmanager", alert({ receivers: [] }), []],
  ["is in a time of silence", alert({ receivers: ["hook"], mutedBy: ["nights"] }), ["warning muted"]],
])("an alert that %s", (_what, one, found) =>
  expect(untold(state({ alerts: [one] })).map(({ id, severity }) => `${severity} ${id}`)).toEqual(found),
);

it.each([
  ["all fail", { failed: 0, sent: 1, requests: 5, requestsFailed: 5 }, "warning"],
  ["one of many", { failed: 0, sent: 90, requests: 99, requestsFailed: 1 }, "info"],
  ["given up", { failed: 6, sent: 6, requests: 6, requestsFailed: 6 }, "critical"],
])("requests: %s", (_what, counts, severity) =>
  expect(notTold(state({ failing: [{ integration: "webhook", ...counts }] }))?.severity).toBe(severity),
);

it("a cluster is apart where it has lost members, however ready it calls itself", () => {
  expect(cluster(state({}))).toBeUndefined();
  expect(cluster(state({ failedPeers: 2 }))?.title).toContain("cannot reach 2 members");
  expect(cluster(state({ cluster: "settling" }))?.because).toContain("normal");
});

it.each([
  [".*", true],
  ["A|B|.*", true],
  ["(A|.+)", true],
  ["A|B", false],
  ["Kube.*", false],
])("a silence of alertname=~%j is wide: %j", (value, is) => {
  const silence = {
    ...{ id: "s", state: "active", by: "", comment: "", startsAt: "", endsAt: "" },
    matchers: [{ name: "alertname", value, isRegex: true, isEqual: true }],
  };
  expect(wideOnes(state({ silences: [silence] })).length > 0).toBe(is);
});

it.each([
  [["clientError", "other"], /refuses them \(4xx\)/],
  [["contextDeadlineExceeded"], /does not answer in time/],
])("why notifications failed, as Alertmanager sorts it: %s", (reasons, words) => {
  const failing = [{ integration: "slack", failed: 4, sent: 10, reasons }];
  expect(notTold(state({ failing }))?.because).toMatch(words);
  const unknown = [{ integration: "slack", failed: 4, sent: 10, reasons: ["other"] }];
  expect(notTold(state({ failing: unknown }))?.because).not.toContain("Most of them");
});
