import { z } from "zod";
import { clip } from "../../core/words/format.ts";
import { linesOf } from "../machine/script.ts";
import { addressOf } from "./ports.ts";

/** A listening socket in whose queue connections wait to be accepted. */
export const Listener = z.object({
  address: z.string(),
  waiting: z.int(),
  /** As many may wait, and one more; null: the kernel's table does not show it (`ss` is not there). */
  backlog: z.int().nullable(),
  /** `node (pid 12)`; empty where only root may see it. */
  owner: z.string(),
});
export type Listener = z.output<typeof Listener>;

/** Lines of `ss -Hltnp`: `LISTEN 2 1 127.0.0.1:80 0.0.0.0:* users:(("node",pid=1,fd=2))`. Only those with a queue. Pure. */
export const parseListeners = (text: string): Listener[] =>
  linesOf(text).flatMap((line) => {
    const [state, waiting, backlog, address = "", , users = ""] = line.trim().split(/\s+/);
    if (state !== "LISTEN" || !(Number(waiting) > 0)) return [];
    const [, name = "", pid = ""] = /^users:\(\("([^"]*)",pid=(\d+)/.exec(users) ?? [];
    const owner = pid === "" ? "" : `${clip(name, 40)} (pid ${pid})`;
    return [{ address: clip(address, 80), waiting: Number(waiting), backlog: Number(backlog), owner }];
  });

/** The same from lines of /proc/net/tcp, which hold the queue but not its limit: `0100007F:1F90 00000000:00000002`. Pure. */
export const parseQueues = (text: string): Listener[] =>
  linesOf(text).flatMap((line) => {
    const [local = "", queues = ""] = line.split(" ");
    const [address = "", port = "0"] = local.split(":");
    const waiting = Number.parseInt(queues.split(":")[1] ?? "0", 16);
    return waiting > 0
      ? [
          {
            address: `${addressOf(address)}:${Number.parseInt(port, 16)}`,
            ...{ waiting, backlog: null, owner: "" },
          },
        ]
      : [];
  });

/** One counter of /proc/net/netstat, whose names and values stand in two lines of the same prefix; undefined: none. Pure. */
export function netstatOf(text: string, name: string): number | undefined {
  const lines = linesOf(text);
  for (let at = 0; at + 1 < lines.length; at += 2) {
    const column = lines[at]?.split(" ").indexOf(name) ?? -1;
    if (column > 0) return Number(lines[at + 1]?.split(" ")[column]);
  }
  return undefined;
}
