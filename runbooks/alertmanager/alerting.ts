import { alertmanager, clip, count, runbookOn, z } from "../../src/sdk/index.ts";
import { askedFindings, silencesOf } from "./asked.ts";
import { hidden, left, sayMatchers, shown, wideOnes } from "./silences.ts";
import { cluster, inhibited, isGrave, names, notTold, untold } from "./untold.ts";

/** Whether anybody is told: what is silenced and by whom, what is inhibited, and notifications that do not go out. */
const book = runbookOn(
  "alertmanager",
  {
    id: "alerting",
    title: "Alerting: silences, inhibitions, notifications",
    alerts: [
      "AlertmanagerFailedToSendAlerts",
      "AlertmanagerClusterFailedToSendAlerts",
      "AlertmanagerFailedReload",
      "AlertmanagerMembersInconsistent",
      "AlertmanagerConfigInconsistent",
      "AlertmanagerClusterDown",
      ...["AlertmanagerClusterCrashlooping", "AlertmanagerDown", "PrometheusAlertmanagerJobMissing"],
      ...["PrometheusAlertmanagerConfigurationReloadFailure", "PrometheusAlertmanagerConfigNotSynced"],
      "PrometheusAlertmanagerNotificationFailing",
    ],
    params: z.object({
      silence: z.string().max(200).optional().describe("silence this alert (its name), by approval"),
      all: z
        .boolean()
        .default(false)
        .describe("silence every alert of the connection's labels that fires now, by approval"),
      minutes: z.int().min(5).max(1_440).default(60).describe("for so long"),
      reason: z.string().max(200).optional().describe("why: it stands in the silence"),
      show: z.boolean().default(false).describe("list all silences that hold"),
      expire: z.uuid().optional().describe("end the silence of this id, by approval"),
    }),
  },
  () => ({ state: alertmanager.state() }),
);

export const alerting = book
  .remedies({
    silence: book.does(alertmanager.createSilence, ["state"], ({ state }, context) =>
      silencesOf(state, context),
    ),
    expire: book.does(alertmanager.expireSilence, ["state"], ({ state }, { params }) =>
      state.silences.some(({ id }) => id === params.expire) ? { id: params.expire ?? "" } : undefined,
    ),
    narrow: book.advises("Make the silence narrower", "low", ({ state }) => {
      const [first] = state === undefined ? [] : wideOnes(state);
      return `${first === undefined ? "" : `${first.by === "" ? "Whoever made it" : first.by} knows what it was for. `}A silence wants \`alertname\` and the instance or job with equal signs; then end the wide one: \`expire=<id>\` of this runbook ends it once approved.`;
    }),
    readLog: book.advises(
      "Read why they are not taken",
      "low",
      'Alertmanager\'s log says it with every try (`msg="Notify for alerts failed"`, with the answer of the receiver): a token that expired, a channel that is gone, a limit, a proxy. `amtool config routes test <label>=<value>` says which receiver an alert goes to.',
    ),
    routeThem: book.advises(
      "Give them a route",
      "low",
      "`amtool config routes test <label>=<value> …` with the labels of one of them says which receiver it goes to, `amtool config routes show` the tree: the first route that fits takes an alert (unless `continue: true`), and what none takes falls to the receiver of the root. Where they are meant to be quiet, an alert rule nobody is told of may as well go.",
    ),
    mendConfig: book.advises(
      "Mend the configuration",
      "low",
      "`amtool check-config <file>` names the line. It goes on with the one it took last, so what was changed since does not hold; a restart with the broken one ends it.",
    ),
    joinPeers: book.advises(
      "Look at the other members",
      "low",
      "Members find each other by `--cluster.peer`, over TCP and UDP on 9094. Apart, each notifies by itself: people are told twice, and silences of one side do not hold on the other.",
    ),
  })
  .findings((find) => [
    find(["state"], ({ state }) => notTold(state)),
    find(["state"], ({ state }) => untold(state)),
    find(
      ["state"],
      ({ state }) =>
        state.configTaken === false && {
          id: "config-refused",
          severity: "warning",
          title: "Alertmanager did not take its configuration",
          because: `It goes on with the one of ${state.configAt?.slice(0, 16) ?? "before"}Z: routes and receivers that were changed since do not hold.`,
          remedies: ["mendConfig" as const],
        },
    ),
    find(["state"], ({ state }) => cluster(state)),
    find(["state"], ({ state }, { now }) => {
      const wide = wideOnes(state);
      const [first] = wide;
      return (
        first !== undefined && {
          id: "too-wide",
          severity: "warning",
          title: `${count(wide.length, "silence")} without an alert's name ${wide.length === 1 ? "hides" : "hide"} whatever fires`,
          because: `${clip(sayMatchers(first), 160)} of ${first.by || "nobody"}, ${left(first, now)} left: alerts nobody has seen yet are hidden, too.`,
          evidence: [shown(wide, state, now)],
          remedies: ["narrow" as const],
        }
      );
    }),
    find(["state"], ({ state }, { now }) => {
      const alerts = state.alerts.filter(({ silencedBy }) => silencedBy.length > 0);
      if (alerts.length === 0) return undefined;
      const silences = hidden(state);
      return {
        id: "silenced",
        severity: alerts.some(isGrave) ? "warning" : "info",
        title: `${count(alerts.length, "alert")} ${alerts.length === 1 ? "fires" : "fire"} and ${alerts.length === 1 ? "is" : "are"} silenced: ${names(alerts)}`,
        because: silences
          .slice(0, 3)
          .map((one) => `${one.by || "somebody"}: ${one.comment || "no comment"}, ${left(one, now)} left`)
          .join("; "),
        evidence: [shown(silences, state, now)],
      };
    }),
    find(["state"], ({ state }) => inhibited(state)),
    find(["state"], ({ state }, context) => askedFindings(state, context)),
  ]);
