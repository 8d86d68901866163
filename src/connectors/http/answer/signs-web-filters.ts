import type { Sign } from "./sign.ts";

const OURS =
  "Allow the host in that filter, or let this machine go out without it; ask from a machine elsewhere to compare: the service itself was not asked.";

const filter = (by: string, sign: Pick<Sign, "header" | "body">): Sign => ({
  by: `${by} (a web filter on the way)`,
  status: [403, 503, 307, 200],
  ...sign,
  cause: "blocked",
  reason: "the network that diagbot is in does not let this request out",
  next: OURS,
});

/** Filters for what goes out of a network: they answer in the place of any host. */
export const WEB_FILTERS: readonly Sign[] = [
  filter("Zscaler", { header: ["server", /^zscaler/i] }),
  filter("Zscaler", { body: /<title>Internet Security by Zscaler/i }),
  filter("FortiGuard", {
    body: /FortiGuard (Intrusion Prevention|Web Filtering)|<title>Web Filter Violation/i,
  }),
  filter("Palo Alto Networks", {
    body: /<title>Web Page Blocked|blocked in accordance with company policy/i,
  }),
  filter("Cisco Umbrella", {
    body: /This site is blocked due to [^<]{0,80}(Umbrella|Cisco)|block\.opendns\.com/i,
  }),
  filter("Symantec", {
    body: /<title>Access Denied \(policy_denied\)|Your system policy has denied access/i,
  }),
  filter("McAfee", { body: /<title>(McAfee|Skyhigh) Web Gateway/i }),
  filter("Sophos", { body: /<title>[^<]{0,40}Sophos|blocked by (the )?Sophos/i }),
];
