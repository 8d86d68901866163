import { z } from "zod";
import { actionsOn } from "../../core/words/action.ts";
import { type NotSeen, notSeen } from "../../core/words/not-seen.ts";
import { linesOf } from "../machine/script.ts";
import { ask } from "./ask.ts";
import type { NginxClient } from "./client.ts";
import { configNow } from "./config.ts";

const MOST = 40;

// Arguments: seconds each, then for each member: where to ask, its socket or nothing, its name or nothing. All at once; curl's own code says
// what came; 77: the rights of the socket let nginx in and not us. No proxy of the environment, no curlrc: nginx has neither.
const ASK = `command -v curl >/dev/null 2>&1 || { echo no-curl; exit 0; }
limit=$1; shift; n=0
while [ $# -gt 0 ]; do n=$((n+1)); url=$1; sock=$2; name=$3; shift 3
  ( exec </dev/null
    if [ -n "$sock" ]; then folder=\${sock%/*}
      if [ -e "$sock" ]; then [ -w "$sock" ] || { echo "$n 77"; exit 0; }; elif [ -d "\${folder:-/}" ] && [ ! -x "\${folder:-/}" ]; then echo "$n 77"; exit 0; fi; fi
    has=; [ -n "$name" ] && has=$(getent ahosts "$name" 2>/dev/null | awk '!had[$1]++ { printf "%s%s", gap, $1; gap = "," }')
    said=$(curl -q -s -k -g --noproxy '*' -o /dev/null -w '%{http_code} %{time_connect} %{time_total}' --connect-timeout "$limit" --max-time "$limit" \${sock:+--unix-socket "$sock"} -- "$url" 2>/dev/null); echo "$n $? $said $has" ) &
done; wait`;

const Member = z.object({
  upstream: z.string(),
  address: z.string(),
  backup: z.boolean(),
  /** `answers`: any status at all, or for other protocols than HTTP an open connection. */
  state: z.enum(["answers", "silent", "refused", "timeout", "unresolved", "closed", "tls", "marked-down"]),
  /** Of a name: the addresses it has now. */
  addresses: z.array(z.string()).optional(),
  status: z.int().nullable(),
  seconds: z.number().nullable(),
});
export type Member = z.output<typeof Member>;

/** Asks each member of the upstreams from the machine nginx runs on, as nginx would: a GET of `health` of the connection, or a connection. */
export const upstreams = actionsOn<NginxClient>("nginx").read({
  name: "nginx.upstreams",
  title: "Ask the members of the upstreams",
  timeoutSeconds: 20,
  input: z.object({ seconds: z.int().min(1).max(10).default(5) }),
  output: z.object({ members: z.array(Member).max(MOST), notSeen }),
  run: async (client, { seconds }, context) => {
    const { facts, valid } = await configNow(client, context);
    const all = facts.upstreams.flatMap(({ name, protocol, members }) =>
      members.map((one) => ({ name, protocol, ...one })),
    );
    const asked = all.filter(({ down }) => !down).slice(0, MOST);
    const missing: NotSeen[] = [];
    for (const target of facts.variable ?? [])
      missing.push({ what: `upstreams of ${target}`, why: "whom it asks stands in a variable" });
    if (!valid)
      missing.push({
        what: "upstreams of files that are included",
        why: "nginx lists them only while its test passes",
      });
    if (all.length > MOST)
      missing.push({ what: `${all.length - MOST} members of upstreams`, why: `only ${MOST} are asked` });
    const words = asked.flatMap(({ address, protocol }) =>
      placeOf(address, protocol, client.settings.health),
    );
    const said = asked.length === 0 ? "" : await ask(client, ASK, [String(seconds), ...words], context);
    if (said.startsWith("no-curl")) {
      missing.push({
        what: "whether upstreams answer",
        why: "there is no curl on the machine",
        fix: "install curl",
      });
      return { members: [], notSeen: missing };
    }
    const byNumber = new Map(
      linesOf(said).map((line) => [Number(line.split(" ", 1)[0]), line.split(" ").slice(1)]),
    );
    const told = asked.map(({ name, address, backup, protocol }, at) => ({
      ...{ upstream: name, address, backup, words: byNumber.get(at + 1) ?? [] },
      isHttp: protocol === "http" || protocol === "https",
    }));
    for (const {
      address,
      words: [code = ""],
    } of told)
      if (UNASKED[code] !== undefined)
        missing.push({ what: `whether ${address} answers`, why: UNASKED[code] });
    return {
      members: [
        ...told
          .filter(({ words: [code = ""] }) => UNASKED[code] === undefined)
          .map(({ words, isHttp, ...one }) => ({ ...one, ...judge(words, isHttp) })),
        ...all
          .filter(({ down }) => down)
          .map(({ name, address, backup }) => ({
            upstream: name,
            address,
            backup,
            state: "marked-down" as const,
            status: null,
            seconds: null,
          })),
      ].slice(0, MOST),
      notSeen: missing,
    };
  },
});

/** An address without a port means 80 (443 of https). */
function placeOf(address: string, protocol: string, health: string): [string, string, string] {
  const isHttp = protocol === "http" || protocol === "https";
  if (address.startsWith("unix:"))
    return [isHttp ? `${protocol}://localhost${health}` : "http://localhost/", address.slice(5), ""];
  const host = address.replace(/:\d{1,5}$/, "");
  const name = /^[\w.-]+$/.test(host) && /[a-z_]/i.test(host) ? host : "";
  return [isHttp ? `${protocol}://${address}${health}` : `telnet://${address}`, "", name];
}

/** Exits that say nothing of the member. */
const UNASKED: Readonly<Record<string, string>> = {
  1: "curl there cannot open a plain connection (curl-minimal has no telnet)",
  77: "the rights of its socket let nginx's user in, and not diagbot's",
};

/** Exit codes of curl (curl.se/libcurl/c/libcurl-errors.html). */
const STATES: Readonly<Record<string, Member["state"]>> = {
  6: "unresolved",
  7: "refused",
  35: "tls",
  60: "tls",
};

function judge(
  [code = "", status = "000", connect = "", total = "", has = ""]: readonly string[],
  isHttp: boolean,
): Pick<Member, "state" | "status" | "seconds" | "addresses"> {
  const isOpen = Number(connect) > 0;
  const told = status === "000" ? null : Number(status);
  return {
    state: stateOf(code, told, isOpen, isHttp),
    status: told,
    seconds: total === "" ? null : Number(total),
    ...(has === "" ? {} : { addresses: has.split(",").slice(0, 20) }),
  };
}

function stateOf(code: string, status: number | null, isOpen: boolean, isHttp: boolean): Member["state"] {
  if (isHttp && status !== null) return "answers";
  const state = STATES[code];
  if (state !== undefined) return state;
  // Of other protocols an open connection is all that is asked for.
  if (isOpen && !isHttp) return "answers";
  if (code === "28") return isOpen ? "silent" : "timeout";
  return isHttp ? "closed" : "refused";
}
