import { isIP } from "node:net";
import { z } from "zod";
import { url } from "../settings.ts";

/** How far a connection is encrypted, in the words of MySQL's own clients. */
const MODES = ["DISABLED", "REQUIRED", "VERIFY_CA", "VERIFY_IDENTITY"] as const;
type TlsMode = (typeof MODES)[number];

/** What may stand behind the `?` of a URL; the driver's own options do not. */
const PARAMETERS: readonly string[] = ["ssl-mode", "ssl-ca", "socket"];

/** A `kind: mysql` connection: MySQL or MariaDB. */
export const MysqlSettings = z.strictObject({
  /** `mysql://user:password@host:3306/database?ssl-mode=VERIFY_IDENTITY&ssl-ca=<file>`, or `mariadb://`; `socket=<path>` in place of the network. */
  url: url.superRefine((given, context) => {
    for (const message of complaints(given)) context.addIssue({ code: "custom", message });
  }),
});
export type MysqlSettings = z.output<typeof MysqlSettings>;

function complaints(given: string): string[] {
  if (!URL.canParse(given)) return [];
  const at = new URL(given);
  const { searchParams } = at;
  const unknown = [...searchParams.keys()].filter((name) => !PARAMETERS.includes(name));
  const mode = searchParams.get("ssl-mode");
  return [
    ...unknown.map(
      (name) =>
        `the URL's parameter ${JSON.stringify(name.slice(0, 60))} is unknown: ${PARAMETERS.join(", ")}`,
    ),
    ...(mode === null || isMode(mode.toUpperCase())
      ? []
      : [`ssl-mode of the URL must be one of ${MODES.join(", ")}`]),
    // For an address the driver compares the certificate with "localhost", and would let any such one pass.
    ...(modeOf(at) === "VERIFY_IDENTITY" && isIP(addressOf(given).host) > 0
      ? ["ssl-mode=VERIFY_IDENTITY needs a host name in the URL, not an address: use the name, or VERIFY_CA"]
      : []),
  ];
}

const isMode = (word: string): word is TlsMode => (MODES as readonly string[]).includes(word);

/** What the URL says, taken apart. */
export interface Address {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  /** Empty: none is chosen. */
  readonly database: string;
  readonly socket: string | undefined;
  readonly tls: TlsMode;
  /** A file of authorities to trust in place of the public ones. */
  readonly ca: string | undefined;
}

/** Pure. Throws TypeError where `given` is no URL. */
export function addressOf(given: string): Address {
  const at = new URL(given);
  const says = (name: string): string | undefined => at.searchParams.get(name) || undefined;
  return {
    host: at.hostname.replace(/^\[|\]$/g, "") || "localhost",
    port: Number(at.port) || 3306,
    user: decodeURIComponent(at.username),
    password: decodeURIComponent(at.password),
    database: decodeURIComponent(at.pathname.slice(1)),
    socket: says("socket"),
    tls: modeOf(at),
    ca: says("ssl-ca"),
  };
}

/** Whether a client with this URL insists on TLS. */
export const encrypts = (at: URL): boolean => modeOf(at) !== "DISABLED";

function modeOf({ searchParams }: URL): TlsMode {
  const word = (searchParams.get("ssl-mode") ?? "").toUpperCase();
  if (isMode(word)) return word;
  return searchParams.has("ssl-ca") ? "VERIFY_CA" : "DISABLED";
}
