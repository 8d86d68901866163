import { z } from "zod";
import { actionsOn } from "../../core/words/action.ts";
import { clip } from "../../core/words/format.ts";
import { type NotSeen, notSeen } from "../../core/words/not-seen.ts";
import { linesOf, partsOf, script } from "../machine/script.ts";
import { NFT } from "./block-script.ts";
import type { HostClient } from "./client.ts";
import { type Protocol, parseRuleset } from "./nft-ruleset.ts";
import { dockerUserOf, type Verdict, verdictOf } from "./nft-verdict.ts";
import { withXtTexts, XT_TEXTS } from "./nft-xt.ts";
import { Opening, openedByNft, ufwRules } from "./open-port/opened.ts";
import { Network } from "./open-port/source.ts";

const { read } = actionsOn<HostClient>("host");

// Argument: sudo or nothing. What iptables of the old kind keeps is in tables of its own, which nft does not show.
export const FIREWALL = `${NFT}
nft_ -j list ruleset 2>&1; echo; echo ==
cat /proc/net/ip_tables_names /proc/net/ip6_tables_names 2>/dev/null; echo ==
if command -v ufw >/dev/null 2>&1; then $way ufw status 2>/dev/null | head -n 60; fi; echo ==
cat /proc/net/if_inet6 2>/dev/null; echo ==
if command -v ufw >/dev/null 2>&1; then $way ufw show added 2>/dev/null | head -n 1000; fi; echo ==
${XT_TEXTS}; true`;

const Said = z.object({
  is: z.enum(["accept", "drop", "reject"]),
  isCertain: z.boolean(),
  by: z.string(),
  packets: z.number().nullable(),
});

const Output = z.object({
  /** What becomes of a new connection from outside to the port; null: no port was asked for, or the rules are not readable. */
  ip4: Said.nullable(),
  ip6: Said.nullable(),
  /** Chains that see what comes in, with their policy. */
  chains: z.array(z.object({ chain: z.string(), policy: z.string(), rules: z.int() })).max(40),
  /** What the chain DOCKER-USER makes of connections to published ports, by IPv4. Absent: there is none, or it is not readable. */
  dockerUser: z
    .object({
      /** That do more than to go back or to count. */
      rules: z.int(),
      /** Null: nothing keeps them out, as far as it can be read. */
      is: Said.shape.is.nullable(),
      isCertain: z.boolean(),
    })
    .optional(),
  /** It has an address of IPv6 that others reach. */
  hasIp6: z.boolean().default(false),
  /** `active`, `inactive`; empty: it is not there, or does not tell us. */
  ufw: z.string(),
  /** Ports that diagbot has opened and that are open now. */
  opened: z.array(Opening).max(100).default([]),
  /** Networks that diagbot.yaml lets ports be opened to. */
  mayOpenTo: z.array(z.string()).default([]),
  notSeen,
});
export type Firewall = z.output<typeof Output>;

/**
 * What a machine lets in: for one port, the rule that decides about a new connection, by following it through the chains. Rules we
 * cannot read with certainty are said to be so. No names are resolved. tektra.firewall, resync.tws-connection-failure.
 */
export const firewall = read({
  name: "host.firewall",
  title: "What the firewall lets in",
  input: z.object({
    port: z.int().min(1).max(65_535).optional(),
    /** From this address or network; absent: from an address that no rule names. */
    from: Network.optional(),
    /** Absent: tcp. */
    protocol: z.enum(["tcp", "udp"]).optional(),
  }),
  output: Output,
  timeoutSeconds: 15,
  run: async (client, { port, from, protocol }, context) => {
    const way = client.firewall?.sudo === true ? "sudo" : "";
    const said = await script(client, FIREWALL, [way], context, { maxBytes: 16_000_000, cut: true });
    const seen = judgeFirewall(said, port, from, protocol);
    return { ...seen, mayOpenTo: client.firewall?.open ?? [] };
  },
});

/** What the script says, in its parts; `more`: what another script adds. Pure. */
export function rulesIn(said: string) {
  const [json = "", legacy = "", ufw = "", six = "", added = "", texts = "", more = ""] = partsOf(said);
  const ruleset = parseRuleset(json.trim());
  return {
    ruleset: ruleset && withXtTexts(ruleset, texts),
    /** Where there is none. */
    unread: clip(linesOf(json).at(-1) ?? "", 200) || "nft gave no answer",
    legacy: [...new Set(linesOf(legacy))],
    ufw: /^Status: (\w+)/m.exec(ufw)?.[1] ?? "",
    ...{ six, added, more },
  };
}

/** Pure. Exported for its test. */
export function judgeFirewall(
  said: string,
  port: number | undefined,
  from?: string,
  protocol?: Protocol,
): Firewall {
  const { ruleset, unread, legacy, ufw, six, added } = rulesIn(said);
  const hidden: NotSeen[] = [];
  if (ruleset === undefined)
    hidden.push({
      what: "the rules of the firewall",
      why: unread,
      fix: "they need root: `firewall: { sudo: true }` at the connection, and in sudoers `NOPASSWD: /usr/sbin/nft`",
    });
  if (legacy.length > 0)
    hidden.push({
      what: `the tables ${legacy.join(", ").slice(0, 100)} of the older iptables`,
      why: "nft does not show them",
      fix: "as root: `iptables-legacy -S`",
    });
  const of = (family: "ip" | "ip6"): Verdict | null => {
    if (ruleset === undefined || port === undefined) return null;
    const isOther = from !== undefined && from.includes(":") !== (family === "ip6");
    return isOther
      ? null
      : verdictOf(ruleset, { family, port, from, ...(protocol === undefined ? {} : { protocol }) });
  };
  const user = ruleset && dockerUserOf(ruleset, { family: "ip", from });
  return {
    ...{ ip4: of("ip"), ip6: of("ip6") },
    ...(user === undefined ? {} : { dockerUser: user }),
    chains: (ruleset?.chains ?? [])
      .filter(({ hook }) => hook === "input" || hook === "prerouting")
      .map(({ family, table, name, policy }) => ({
        chain: clip(`${family} ${table} ${name}`, 120),
        policy: policy ?? "accept",
        rules:
          ruleset?.rules.filter(
            (rule) => rule.table === table && rule.chain === name && rule.family === family,
          ).length ?? 0,
      }))
      .slice(0, 40),
    // Scope 00 is global; ::1 has 10, link-local addresses 20.
    hasIp6: linesOf(six).some((line) => line.split(/\s+/)[3] === "00"),
    ufw,
    opened: [...(ruleset === undefined ? [] : openedByNft(ruleset)), ...ufwRules(added, "ours")].slice(
      0,
      100,
    ),
    mayOpenTo: [],
    notSeen: hidden,
  };
}
