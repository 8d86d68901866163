import { spawnSync } from "node:child_process";
import { host } from "../../../src/sdk/index.ts";
import { onPath } from "../../helpers/docker.ts";
import type { WriteCase } from "../harness.ts";

const TABLE = "inet diagbot_contract";
// New datagrams from outside alone: nobody on this machine waits for such.
const CLOSED = `table ${TABLE} {
  chain input { type filter hook input priority 100; policy accept;
    iifname "lo" accept
    ct state new meta l4proto udp drop
  }
}`;
const input = { port: 9, protocol: "udp", from: "203.0.113.0/24" } as const;
const NAME = "diagbot_udp_9_4";
const OPENED = `add set ${TABLE} ${NAME} { type ipv4_addr; flags interval, timeout; }
add chain ${TABLE} ${NAME}
add rule ${TABLE} ${NAME} ip saddr @${NAME} udp dport 9 counter accept
insert rule ${TABLE} input jump ${NAME}
add element ${TABLE} ${NAME} { ${input.from} }`;

/** A chain that keeps datagrams out, made anew for each case, and the two writes that open and close a port of it. */
export function openPortWrites(): { writes: Record<string, WriteCase>; stop(): void } {
  const missing =
    process.getuid?.() !== 0
      ? "nft needs root"
      : onPath("nft") === undefined
        ? "nft is not on the PATH"
        : undefined;
  const nft = (text: string) =>
    spawnSync("nft", ["-f", "-"], { input: text, stdio: ["pipe", "ignore", "ignore"] });
  const away = () => nft(`delete table ${TABLE}`);
  const make = (...texts: readonly string[]) => {
    away();
    nft(texts.join("\n"));
  };
  return {
    writes: {
      "host.open-port": {
        missing,
        prepare: async () => {
          make(CLOSED);
          return host.openPort(input);
        },
        spoil: async () => away(),
      },
      "host.close-port": {
        missing,
        prepare: async () => {
          make(CLOSED, OPENED);
          return host.closePort(input);
        },
        spoil: async () => away(),
      },
    },
    stop: () => {
      if (missing === undefined) away();
    },
  };
}
