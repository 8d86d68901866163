import { z } from "zod";
import {
  type ActionContext,
  actionsOn,
  type Call,
  type Preview,
  type Probed,
  type WriteContext,
} from "../../core/words/action.ts";
import { DiagError } from "../../core/words/errors.ts";
import { clip, count, saySeconds } from "../../core/words/format.ts";
import { type NotSeen, notSeen } from "../../core/words/not-seen.ts";
import { beforeEffect, refused } from "../before-effect.ts";
import { linesOf, partsOf, script } from "../machine/script.ts";
import { BLOCK, LOOK, UNBLOCK } from "./block-script.ts";
import type { HostClient } from "./client.ts";
import { canonical, isWithinNetwork } from "./nft-ruleset.ts";
import { connectionsOf, openIn, whyNeeded } from "./open-connections.ts";

const { read, write } = actionsOn<HostClient>("host");

/** One address; never a network. */
const Address = z.union([z.ipv4(), z.ipv6()]).transform(canonical);

const Input = z.object({
  address: Address,
  /** It leaves by itself when they are over. */
  seconds: z.int().min(60).max(86_400),
});
type Input = z.output<typeof Input>;

const Output = z.object({
  addresses: z.array(z.object({ address: z.string(), leftSeconds: z.number() })).max(200),
  /** Packets dropped since the table was made. */
  packets: z.int(),
  /** Open connections by peer, most first; with `of`: of that address, by the port of this machine. */
  connections: z.array(z.object({ peer: z.string(), port: z.int(), open: z.int() })).max(20),
  /** Of all others as well: connections to ports that are listened on here. */
  incoming: z.int().optional(),
  /** Null: it may be blocked. */
  never: z.string().nullable(),
  notSeen,
});
export type Blocked = z.output<typeof Output>;

/** Addresses diagbot has blocked on this machine, who is connected, and whether one may be blocked at all. */
export const blocked = read({
  name: "host.blocked",
  title: "Blocked addresses, and who is connected",
  input: z.object({ of: Address.optional() }),
  output: Output,
  run: async (client, { of }, context) =>
    judgeBlocked(await looked(client, context), client.firewall?.never ?? [], of),
});

const wayOf = (client: HostClient): string => (client.firewall?.sudo === true ? "sudo" : "");
const looked = (client: HostClient, context: ActionContext): Promise<string> =>
  script(client, LOOK, [wayOf(client)], context, { maxBytes: 8_000_000, cut: true });

const Table = z.object({ nftables: z.array(z.record(z.string(), z.unknown())) });
const Elements = z.object({
  set: z.object({
    name: z.string(),
    elem: z
      .array(z.object({ elem: z.object({ val: z.string(), expires: z.number().optional() }) }))
      .default([]),
  }),
});

/** Pure. Exported for its test. */
export function judgeBlocked(said: string, never: readonly string[], of: string | undefined): Blocked {
  const [json = "", own = "", rows = ""] = partsOf(said);
  const isAbsent = /no such file or directory/i.test(json);
  const table = isAbsent ? { nftables: [] } : parsed(json);
  const addresses = (table?.nftables ?? []).flatMap((one) => {
    const set = Elements.safeParse(one).data?.set;
    return (set?.elem ?? []).map(({ elem }) => ({ address: elem.val, leftSeconds: elem.expires ?? 0 }));
  });
  const packets = [...json.matchAll(/"packets": ?(\d+)/g)].reduce((sum, [, n]) => sum + Number(n), 0);
  const unseen: NotSeen[] =
    table === undefined
      ? [
          {
            what: "which addresses are blocked",
            why: clip(linesOf(json).at(-1) ?? "", 200) || "nft gave no answer",
            fix: "nft needs root: `firewall: { sudo: true }` at the connection, and in sudoers `NOPASSWD: /usr/sbin/nft`",
          },
        ]
      : [];
  const open = openIn(rows);
  return {
    ...{ addresses: addresses.slice(0, 200), packets, connections: connectionsOf(open, of) },
    incoming: open.filter(({ isIncoming }) => isIncoming).length,
    never:
      of === undefined
        ? null
        : (whyNever(of, linesOf(own).map(canonical), never) ?? whyNeeded(of, open) ?? null),
    notSeen: unseen,
  };
}

function parsed(json: string): z.output<typeof Table> | undefined {
  try {
    return Table.safeParse(JSON.parse(json)).data;
  } catch {
    return undefined;
  }
}

/** Networks whose addresses are no single other machine. */
export const NO_MACHINE = [
  "0.0.0.0/8",
  "127.0.0.0/8",
  "169.254.0.0/16",
  "224.0.0.0/4",
  "240.0.0.0/4",
  "::/127",
  "fe80::/10",
  "ff00::/8",
];

/** Why this address is never blocked; undefined: it may be. Pure. */
export function whyNever(
  address: string,
  own: readonly string[],
  never: readonly string[],
): string | undefined {
  if (NO_MACHINE.some((network) => isWithinNetwork(address, network)) || address.startsWith("::ffff:"))
    return `${address} is not the address of one other machine`;
  if (own.includes(address))
    return `${address} is this machine, its gateway, its name server, or somebody who is logged in (diagbot itself perhaps)`;
  const network = never.find((one) => isWithinNetwork(address, one));
  return network === undefined ? undefined : `${address} is in ${network} of \`firewall.never\``;
}

const setOf = (address: string): string => (address.includes(":") ? "blocked6" : "blocked4");

async function situation(client: HostClient, { address }: Input, context: ActionContext) {
  const seen = judgeBlocked(await looked(client, context), client.firewall?.never ?? [], address);
  const unread = seen.notSeen?.[0];
  const why =
    client.firewall === undefined
      ? "`firewall:` is not set at the connection in diagbot.yaml"
      : unread === undefined
        ? (seen.never ?? undefined)
        : `the firewall cannot be read: ${unread.why}`;
  return { seen, why, isBlocked: seen.addresses.some((one) => one.address === address) };
}

async function change(client: HostClient, text: string, args: readonly string[], context: WriteContext) {
  if (context.remainingMs() < 1_000) throw refused("too little time is left");
  try {
    await script(client, text, [wayOf(client), ...args], context);
  } catch (thrown) {
    // nft commits a whole file or nothing, and says why.
    if (thrown instanceof DiagError && /permitted|sudo|No such file|not found/i.test(thrown.message))
      throw refused(thrown.message, thrown.detail, thrown);
    throw thrown;
  }
}

/** Many connections, most of them of one address: a balancer or proxy looks like that. */
const MANY = 20;

function sayConnections({ connections, incoming = 0 }: Blocked): string {
  const open = connections.reduce((sum, one) => sum + one.open, 0);
  if (open === 0) return "none of its connections is open now";
  const most =
    incoming >= MANY && open * 2 > incoming
      ? `, of ${incoming} that all have: a balancer or proxy looks like that, and everybody behind it would be kept out`
      : "";
  return `${count(open, "open connection")} of it (port ${connections.map(({ port }) => port).join(", ")}) come to a stop${most}`;
}

/**
 * Drops what one address sends, for a time: an element with a timeout in a table of our own, before all other rules and before Docker's (traps
 * `ufw-deny-order`, `ufw-docker-bypass`). Never this machine, its gateway, who is logged in, or `firewall.never`. sergas-accounts.block-ip.
 */
export const blockAddress = write({
  name: "host.block-address",
  title: "Block an address for a time",
  class: "cas",
  risk: "high",
  input: Input,
  output: z.object({ address: z.string(), seconds: z.int() }),
  target: () => "firewall",
  preview: async (client, input, context): Promise<Preview> => {
    const { seen, why, isBlocked } = await situation(client, input, context);
    const witness = { blocked: isBlocked };
    if (isBlocked) return { changes: [], witness, nothingToDo: `${input.address} is blocked already` };
    const line = `drop all that ${input.address} sends, for ${saySeconds(input.seconds)}: ${sayConnections(seen)}`;
    return { changes: [line], witness, ...(why === undefined ? {} : { refused: why }) };
  },
  run: async (client, input, context) => {
    await beforeEffect(async () => {
      const { why, isBlocked } = await situation(client, input, context);
      if (why !== undefined) throw refused(why);
      if (isBlocked) throw refused(`${input.address} is blocked already`);
    });
    await change(client, BLOCK, [setOf(input.address), input.address, String(input.seconds)], context);
    return input;
  },
  probe: (client, input, _witness, context) => probed(client, input, true, context),
  undo: (input): Call => unblockAddress(input),
  leaves: "connections that came to a stop do not come back by themselves",
  says: ({ address, seconds }) => `${address} is blocked for ${saySeconds(seconds)}`,
  settled: {
    check: ({ address }) => ({ now: blocked({ of: address }) }),
    holds: ({ now }, { address }) => now.addresses.some((one) => one.address === address),
    figures: ({ now }, { address }) =>
      `${address} is blocked for another ${saySeconds(now.addresses.find((one) => one.address === address)?.leftSeconds ?? 0)}; ${count(now.packets, "packet")} dropped since, by all blocks`,
  },
});

/** Lets an address in again before its time is over. */
export const unblockAddress = write({
  name: "host.unblock-address",
  title: "Let a blocked address in again",
  class: "cas",
  risk: "low",
  input: Input,
  output: z.object({ address: z.string() }),
  target: () => "firewall",
  preview: async (client, input, context): Promise<Preview> => {
    const { isBlocked, why } = await situation(client, input, context);
    const witness = { blocked: isBlocked };
    if (why?.startsWith("the firewall") === true) return { changes: [], witness, refused: why };
    if (!isBlocked) return { changes: [], witness, nothingToDo: `${input.address} is not blocked` };
    return { changes: [`let in again what ${input.address} sends`], witness };
  },
  run: async (client, input, context) => {
    await beforeEffect(async () => {
      if (!(await situation(client, input, context)).isBlocked)
        throw refused(`${input.address} is not blocked`);
    });
    await change(client, UNBLOCK, [setOf(input.address), input.address], context);
    return { address: input.address };
  },
  probe: (client, input, _witness, context) => probed(client, input, false, context),
  undo: (input): Call => blockAddress(input),
  leaves: "what came in meanwhile",
  says: ({ address }) => `${address} is let in again`,
  settled: {
    check: ({ address }) => ({ now: blocked({ of: address }) }),
    holds: ({ now }, { address }) => !now.addresses.some((one) => one.address === address),
    figures: ({ now }, { address }) =>
      `${address} is not blocked; ${count(now.addresses.length, "other")} still blocked`,
  },
});

async function probed(
  client: HostClient,
  input: Input,
  wanted: boolean,
  context: ActionContext,
): Promise<Probed> {
  const { isBlocked, seen } = await situation(client, input, context);
  if ((seen.notSeen ?? []).length > 0) return { verdict: "unknown", evidence: "the firewall cannot be read" };
  return {
    verdict: isBlocked === wanted ? "done" : "not-done",
    evidence: `${input.address} is ${isBlocked ? "" : "not "}blocked`,
  };
}
