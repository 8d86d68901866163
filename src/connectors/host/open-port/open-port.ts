import { z } from "zod";
import {
  type ActionContext,
  actionsOn,
  type Call,
  type Preview,
  type Probed,
  type WriteContext,
} from "../../../core/words/action.ts";
import { DiagError } from "../../../core/words/errors.ts";
import { saySeconds } from "../../../core/words/format.ts";
import { beforeEffect, refused } from "../../before-effect.ts";
import { script } from "../../machine/script.ts";
import { NFT } from "../block-script.ts";
import type { HostClient } from "../client.ts";
import { FIREWALL, firewall, rulesIn } from "../firewall.ts";
import { planClose } from "./close.ts";
import { DATA_PORTS } from "./data-ports.ts";
import { isSame } from "./opened.ts";
import { type Change, isOpened, type Plan, planOpen, type Rules } from "./plan.ts";
import { networkOf, Source } from "./source.ts";

const { write } = actionsOn<HostClient>("host");

const Input = z.object({
  port: z.int().min(1).max(65_535),
  protocol: z.enum(["tcp", "udp"]),
  from: Source.transform(networkOf),
  /** It is closed by itself when they are over; absent: it is kept. */
  seconds: z.int().min(60).max(604_800).optional(),
});
type Input = z.output<typeof Input>;
const Output = z.object({ port: z.int(), protocol: z.string(), from: z.string() });

// Arguments: sudo or nothing, port.
const LOOK = `${FIREWALL}
echo ==; ss -Hlntup "sport = :$2" 2>/dev/null | head -n 100; true`;
// Arguments: sudo or nothing, the file, and files that are refused where they do not fit any more. nft commits the whole of one or nothing.
const BY_NFT = `${NFT}
[ -z "$2" ] || printf '%s\\n' "$2" | nft_ -f - || exit 1
shift 2; for f; do printf '%s\\n' "$f" | nft_ -f - 2>/dev/null; done; true`;
// Arguments: sudo or nothing, then ufw's own.
const BY_UFW = `${NFT}
shift; $way ufw "$@"`;

async function looked(client: HostClient, { port }: Input, context: ActionContext): Promise<Rules> {
  const args = [wayOf(client), String(port)];
  const said = await script(client, LOOK, args, context, { maxBytes: 16_000_000, cut: true });
  const { more, six: _six, ...rules } = rulesIn(said);
  const programs = [...more.matchAll(/\(\("([^"]{1,40})"/g)].flatMap(([, name]) => name ?? []);
  return { ...rules, programs };
}

const wayOf = (client: HostClient): string => (client.firewall?.sudo === true ? "sudo" : "");

async function change(client: HostClient, what: Change | undefined, context: WriteContext): Promise<void> {
  if (what === undefined) throw refused("there is nothing to do");
  if (context.remainingMs() < 3_000) throw refused("too little time is left");
  try {
    if (what.way === "nft") await script(client, BY_NFT, [wayOf(client), what.text, ...what.tidy], context);
    else await script(client, BY_UFW, [wayOf(client), ...what.words], context);
  } catch (thrown) {
    const isNothing =
      thrown instanceof DiagError &&
      (what.way === "nft" ? thrown.detail === "exit 1" : /sudo|root|not found/i.test(thrown.message));
    if (isNothing) throw refused(thrown.message, thrown.detail, thrown);
    throw thrown;
  }
}

/** Does what the plan says now; refuses where it says why not, or where there is nothing to do. */
async function carryOut(
  client: HostClient,
  input: Input,
  context: WriteContext,
  planOf: (seen: Rules) => Plan,
) {
  const plan = await beforeEffect(async () => {
    const now = planOf(await looked(client, input, context));
    const why = now.refused ?? now.already;
    if (why !== undefined) throw refused(why);
    return now;
  });
  await change(client, plan.change, context);
  const { port, protocol, from } = input;
  return { port, protocol, from };
}

const previewOf = ({ refused: why, already, lines }: Plan, witness: Preview["witness"]): Preview => ({
  ...{ changes: [...lines], witness },
  ...(why === undefined ? {} : { refused: why }),
  ...(already === undefined ? {} : { nothingToDo: already }),
});

const sayPort = ({ port, protocol }: Pick<Input, "port" | "protocol">): string => `${port}/${protocol}`;
const question = ({ port, protocol, from }: Input) =>
  firewall({ port, protocol, ...(from === "any" ? {} : { from }) });

/**
 * Opens one port to one network, right before what keeps it out now: by ufw where that is in force, else by nft. Only to networks of
 * `firewall.open`; never a port of data to everybody; not where a rule is meant to keep it out, or would all the same. tektra.firewall.
 */
export const openPort = write({
  name: "host.open-port",
  title: "Open one port to one network",
  class: "cas",
  risk: "high",
  input: Input,
  output: Output,
  timeoutSeconds: 20,
  target: () => "firewall",
  preview: async (client, input, context): Promise<Preview> => {
    const seen = await looked(client, input, context);
    const plan = planOpen(seen, input, client.firewall?.open);
    const preview = previewOf(plan, { opened: isOpened(seen, input), by: [...plan.by] });
    // What keeps data is told apart, and so is everybody.
    const isWide = input.from === "any" || DATA_PORTS.has(input.port);
    return isWide ? { ...preview, risk: "destructive" } : preview;
  },
  run: (client, input, context) =>
    carryOut(client, input, context, (seen) => planOpen(seen, input, client.firewall?.open)),
  probe: (client, input, _witness, context) => probed(client, input, true, context),
  undo: (input): Call => closePort(input),
  leaves: "connections that came in meanwhile may stay open, and what they did",
  says: (input) =>
    `${sayPort(input)} is open to ${input.from}${input.seconds === undefined ? "" : ` for ${saySeconds(input.seconds)}`}`,
  settled: {
    check: (input) => ({ now: question(input) }),
    holds: ({ now }) => [now.ip4, now.ip6].every((one) => one === null || one.is === "accept"),
    figures: ({ now }, input, _output, before) => {
      const said = (seen: typeof now | undefined) => (seen?.ip4 ?? seen?.ip6)?.is;
      const was = said(before.now);
      return `new connections from ${input.from} to ${sayPort(input)}: ${was === undefined ? "" : `${was} → `}${said(now) ?? "not known"} (${(now.ip4 ?? now.ip6)?.by ?? ""})`;
    },
  },
});

/** Closes again what diagbot has opened; rules of others stay as they are. */
export const closePort = write({
  name: "host.close-port",
  title: "Close a port that diagbot has opened",
  class: "cas",
  risk: "high",
  input: Input,
  output: Output,
  timeoutSeconds: 20,
  target: () => "firewall",
  preview: async (client, input, context): Promise<Preview> => {
    const seen = await looked(client, input, context);
    return previewOf(planClose(seen, input), { opened: isOpened(seen, input) });
  },
  run: (client, input, context) => carryOut(client, input, context, (seen) => planClose(seen, input)),
  probe: (client, input, _witness, context) => probed(client, input, false, context),
  undo: (input): Call => openPort(input),
  leaves: "connections that could not be made meanwhile",
  says: (input) => `${sayPort(input)} is not open to ${input.from} by diagbot any more`,
  settled: {
    check: (input) => ({ now: question(input) }),
    holds: ({ now }, input) => !now.opened.some((one) => isSame(one, input)),
    figures: ({ now }, input) =>
      `new connections from ${input.from} to ${sayPort(input)}: ${(now.ip4 ?? now.ip6)?.is ?? "not known"}`,
  },
});

async function probed(
  client: HostClient,
  input: Input,
  wanted: boolean,
  context: ActionContext,
): Promise<Probed> {
  const seen = await looked(client, input, context);
  if (seen.ruleset === undefined)
    return { verdict: "unknown", evidence: `the firewall cannot be read: ${seen.unread}` };
  const is = isOpened(seen, input);
  return {
    verdict: is === wanted ? "done" : "not-done",
    evidence: `${sayPort(input)} is ${is ? "" : "not "}opened to ${input.from} by diagbot`,
  };
}
