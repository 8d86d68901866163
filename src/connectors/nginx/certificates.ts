import { X509Certificate } from "node:crypto";
import { z } from "zod";
import { type ActionContext, actionsOn } from "../../core/words/action.ts";
import { type NotSeen, notSeen } from "../../core/words/not-seen.ts";
import { ask } from "./ask.ts";
import type { NginxClient } from "./client.ts";
import { configNow } from "./config.ts";

const MOST = 40;
const DAY = 86_400_000;

// Arguments: file, address, name. The certificate as it lies there; then the one that is served, where openssl can ask for it.
const ONE = `head -c 60000 -- "$1" 2>&1; printf '\\n==\\n'
command -v openssl >/dev/null 2>&1 || { echo none; exit 0; }
[ -n "$2" ] || exit 0
( exec </dev/null; if command -v timeout >/dev/null 2>&1; then set -- "$@"; timeout 5 openssl s_client -connect "$2" \${3:+-servername "$3"} 2>/dev/null
  else openssl s_client -connect "$2" \${3:+-servername "$3"} 2>/dev/null; fi ) | sed -n '/BEGIN CERTIFICATE/,/END CERTIFICATE/p;/END CERTIFICATE/q' | head -c 20000
true`;

const Certificate = z.object({
  path: z.string(),
  names: z.array(z.string()),
  subject: z.string(),
  /** Of the first certificate of the file; negative: it has expired. */
  daysLeft: z.number(),
  /** What is served there is another one: null, it was not to be seen. */
  servedDiffers: z.boolean().nullable(),
  servedDaysLeft: z.number().nullable(),
});

/** Certificates that the configuration names, as they lie there and as they are served. Keys are not read. */
export const certificates = actionsOn<NginxClient>("nginx").read({
  name: "nginx.certificates",
  title: "Certificates: on disk, and served",
  timeoutSeconds: 30,
  input: z.object({}),
  output: z.object({ certificates: z.array(Certificate).max(MOST), notSeen }),
  run: async (client, _input, context) => {
    const { facts } = await configNow(client, context);
    const missing: NotSeen[] = [];
    const byPath = new Map(facts.certificates.map((one) => [`${one.path} ${one.listen}`, one]));
    const found: Seen[] = [];
    for (const one of [...byPath.values()].slice(0, MOST)) {
      const seen = await lookAt(client, one, context);
      if (typeof seen === "string") missing.push({ what: `certificate ${one.path}`, why: seen });
      else found.push(seen);
    }
    if (byPath.size > MOST)
      missing.push({ what: `${byPath.size - MOST} certificates`, why: `only ${MOST} are looked at` });
    return { certificates: comparedWith(found, missing.length > 0), notSeen: missing };
  },
});

/** What lies there, and what is served where it should be. */
interface Seen extends z.output<typeof Certificate> {
  readonly own: string;
  readonly served: string | undefined;
}

/**
 * What is served is an older one only where it is none of those that lie there: a server may have two (RSA and ECDSA), and one that is
 * asked without a name gives that of another server. Where not all could be read, nothing is told from it.
 */
function comparedWith(found: readonly Seen[], isPart: boolean): z.output<typeof Certificate>[] {
  const there = new Set(found.map(({ own }) => own));
  return found.map(({ own, served, ...one }) =>
    served !== undefined && served !== own && (isPart || there.has(served))
      ? { ...one, servedDiffers: null, servedDaysLeft: null }
      : one,
  );
}

async function lookAt(
  client: NginxClient,
  { path, names, listen }: { path: string; names: string[]; listen: string },
  context: ActionContext,
): Promise<Seen | string> {
  const name = nameToAsk(names);
  const said = await ask(client, ONE, [path, addressOf(listen), name], context);
  const [onDisk = "", served = ""] = said.split(/^==\n/m);
  const disk = certificateIn(onDisk);
  if (disk === undefined) return onDisk.trim().split("\n")[0]?.slice(0, 300) || "it holds no certificate";
  // A server that has no name to ask for may be another's default: what comes is then not known to be its own.
  const there =
    name === "" && names.some((one) => one !== "_" && one !== "") ? undefined : certificateIn(served);
  return {
    ...{ own: disk.fingerprint256, served: there?.fingerprint256 },
    ...{ path, names, subject: disk.subject.replaceAll("\n", ", ").slice(0, 200), daysLeft: daysLeft(disk) },
    servedDiffers: there === undefined ? null : there.fingerprint256 !== disk.fingerprint256,
    servedDaysLeft: there === undefined ? null : daysLeft(there),
  };
}

/** `shop.example`, a name below `*.shop.example`; empty: none can be made. */
function nameToAsk(names: readonly string[]): string {
  const plain = names.find((one) => /^[\w-][\w.-]*$/.test(one) && one !== "_");
  const below = names.find((one) => /^\*?\.[\w.-]+$/.test(one));
  return plain ?? (below === undefined ? "" : `diagbot${below.replace(/^\*/, "")}`);
}

const daysLeft = (one: X509Certificate): number => (Date.parse(one.validTo) - Date.now()) / DAY;

function certificateIn(text: string): X509Certificate | undefined {
  const pem =
    /-----BEGIN (?:TRUSTED )?CERTIFICATE-----[^-]{1,20000}-----END (?:TRUSTED )?CERTIFICATE-----/.exec(
      text,
    )?.[0];
  if (pem === undefined) return undefined;
  try {
    return new X509Certificate(pem);
  } catch {
    return undefined;
  }
}

/** `443`, `*:443`, `0.0.0.0:443`, `[::]:443` (which may be IPv6 only): asked on the machine itself. */
export function addressOf(listen: string): string {
  if (listen === "" || listen.startsWith("unix:")) return "";
  const port = /(?:^|:)(\d{1,5})$/.exec(listen)?.[1] ?? "443";
  const host = listen.replace(/:?\d{1,5}$/, "");
  if (host === "[::]") return `[::1]:${port}`;
  return `${host === "" || host === "*" || host === "0.0.0.0" ? "127.0.0.1" : host}:${port}`;
}
