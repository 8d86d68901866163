import { stringify } from "yaml";
import { accountName } from "../../src/lib/account-name.ts";
import { LIMITS } from "../faults/rules.ts";
import { CONFIGURED_PEOPLE, OPS_CHANNEL, POLICIES, SHOP_CHANNEL } from "../people.ts";
import { BUDGETS, type Shop } from "../sample/shop.ts";

/** The diagbot.yaml of the try-out. Addresses with passwords stay in the environment, as they should anywhere. */
export function configFile(
  shop: Pick<Shop, "apiUrl" | "redisUrl" | "folders">,
  prometheusUrl: string,
  account = accountName(),
): string {
  const { folders } = shop;
  const config = {
    slack: { channel: OPS_CHANNEL },
    people: {
      ...CONFIGURED_PEOPLE,
      // Whoever runs the demo is Bob on the command line: `npm run diagbot -- approve 17 terminateIdle --as bob`.
      bob: { ...CONFIGURED_PEOPLE.bob, login: [account] },
    },
    // Also where that is root: nobody comes here by sudo.
    commandLine: { sudo: [] },
    policies: POLICIES,
    // People break the same thing again at once.
    alerts: { quiet: "2s" },
    systems: {
      shop: {
        channel: SHOP_CHANNEL,
        match: [{ job: "shop" }],
        connections: {
          database: { kind: "postgres", url: interpolated("SHOP_DATABASE_URL") },
          ...(shop.redisUrl === undefined
            ? {}
            : { cache: { kind: "redis", url: interpolated("SHOP_REDIS_URL"), role: "cache" } }),
          api: { kind: "http", url: shop.apiUrl, health: "/health" },
          metrics: {
            kind: "prometheus",
            url: prometheusUrl,
            metrics: {
              requests: "http_requests_total",
              duration: "http_request_duration_seconds",
              statusLabel: "status",
            },
            labels: { job: "shop" },
          },
          machine: {
            kind: "host",
            local: true,
            cleanable: Object.values(folders),
            budgets: [
              { path: folders.logs, bytes: BUDGETS.logs },
              { path: folders.uploads, bytes: BUDGETS.uploads },
            ],
            processes: [{ match: "shop-worker", bytes: BUDGETS.workerMemory }],
          },
        },
        thresholds: {
          connections: LIMITS.connections,
          idleMinutes: LIMITS.idleSeconds / 60,
          statementSeconds: LIMITS.statementSeconds,
          openTransactionSeconds: LIMITS.openTransactionSeconds,
          disk: LIMITS.folder,
          memory: LIMITS.memory,
        },
        contacts: [{ name: "Shop team", channel: SHOP_CHANNEL }],
      },
    },
  };
  return `# Written by npm run demo at every start.\n${stringify(config)}`;
}

/** `${NAME}` as diagbot.yaml has it. */
const interpolated = (name: string): string => `\${${name}}`;
