import { z } from "zod";
import { Elsewhere, logFilesOf } from "./log-files.ts";
import { allOf, type Directive, lastOf } from "./parse.ts";
import { Protocol, passesOf } from "./passes.ts";

const place = { file: z.string(), line: z.int() };

export const Facts = z.object({
  servers: z.array(z.object({ names: z.array(z.string()), listens: z.array(z.string()), ...place })),
  /** Members of `upstream` blocks, and addresses that requests are passed on to directly (`name` is the address then). */
  upstreams: z.array(
    z.object({
      name: z.string(),
      protocol: Protocol,
      members: z.array(z.object({ address: z.string(), backup: z.boolean(), down: z.boolean() })),
      ...place,
    }),
  ),
  /** Files of certificates, with the names of their server and an address it listens on for TLS. */
  certificates: z.array(z.object({ path: z.string(), names: z.array(z.string()), listen: z.string() })),
  errorLogs: z.array(z.string()),
  accessLogs: z.array(z.string()),
  /** Logs that are no files to read. */
  elsewhere: Elsewhere.optional(),
  /** Where requests are passed on to, as far as that is known only when one comes: it stands in a variable. */
  variable: z.array(z.string()).optional(),
  pid: z.string().nullable(),
  workerConnections: z.number(),
  workers: z.string(),
  rlimitNofile: z.number().nullable(),
});
export type Facts = z.output<typeof Facts>;

const MOST = 100;

/** Where logs go that the configuration does not name. */
interface Built {
  readonly errorLog?: string | undefined;
  readonly accessLog?: string | undefined;
}

/** What the configuration says of servers, upstreams, certificates and logs; paths that are relative begin at `prefix`. Pure. */
export function factsOf(directives: readonly Directive[], prefix: string, built: Built = {}): Facts {
  const whole = (path: string): string =>
    path.startsWith("/") ? path : `${prefix.replace(/\/$/, "")}/${path}`;
  const servers = allOf(directives, "server").filter(({ block }) => block.length > 0);
  const errors = logFilesOf(directives, "error_log", whole, built.errorLog);
  const accesses = logFilesOf(directives, "access_log", whole, built.accessLog);
  const passes = passesOf(directives);
  return {
    servers: servers.slice(0, MOST).map((server) => ({
      names: namesOf(server),
      listens: listensOf(server).map(({ args }) => args.join(" ").slice(0, 120)),
      ...placeOf(server),
    })),
    upstreams: upstreamsOf(directives, passes.known).slice(0, MOST),
    certificates: certificatesOf(directives, servers, whole).slice(0, MOST),
    errorLogs: [...errors.files],
    accessLogs: [...accesses.files],
    elsewhere: [...errors.elsewhere, ...accesses.elsewhere],
    variable: passes.variable.slice(0, 20),
    pid: pidOf(directives, whole),
    workerConnections: Number(lastOf(directives, "worker_connections") ?? 512),
    workers: lastOf(directives, "worker_processes") ?? "1",
    rlimitNofile: numberOr(lastOf(directives, "worker_rlimit_nofile")),
  };
}

const placeOf = ({ file, line }: Directive) => ({ file: file.slice(0, 300), line });
const numberOr = (text: string | undefined): number | null =>
  text === undefined || !/^\d+$/.test(text) ? null : Number(text);
const pidOf = (directives: readonly Directive[], whole: (path: string) => string): string | null => {
  const said = lastOf(directives, "pid");
  return said === undefined ? null : whole(said);
};
const namesOf = ({ block }: Directive): string[] =>
  block
    .filter(({ name }) => name === "server_name")
    .flatMap(({ args }) => args.map((one) => one.slice(0, 200)))
    .slice(0, 20);
const listensOf = ({ block }: Directive): Directive[] =>
  block.filter(({ name }) => name === "listen").slice(0, 10);

/** Of servers, and of what stands above them or in files that they include: those are of the servers on TLS that name none. */
function certificatesOf(
  directives: readonly Directive[],
  servers: readonly Directive[],
  whole: (path: string) => string,
): Facts["certificates"] {
  const isFile = ({ name, args }: Directive) =>
    name === "ssl_certificate" && !/^(data:|engine:)|\$/.test(args[0] ?? "$");
  const tlsOf = (server: Directive) =>
    listensOf(server).find(({ args }) => args.includes("ssl"))?.args[0] ?? "";
  const own = servers.flatMap((server) =>
    server.block.filter(isFile).map((directive) => ({ directive, server })),
  );
  const without = servers.find((server) => tlsOf(server) !== "" && !server.block.some(isFile));
  const others = allOf(directives, "ssl_certificate")
    .filter((one) => isFile(one) && !own.some(({ directive }) => directive === one))
    .map((directive) => ({ directive, server: without }));
  return [...own, ...others].map(
    ({
      directive: {
        args: [path = ""],
      },
      server,
    }) => ({
      path: whole(path),
      names: server === undefined ? [] : namesOf(server),
      listen: server === undefined ? "" : tlsOf(server),
    }),
  );
}

/** Blocks first; how they are spoken to says what passes to them. */
function upstreamsOf(
  directives: readonly Directive[],
  passes: ReturnType<typeof passesOf>["known"],
): Facts["upstreams"] {
  const blocks = allOf(directives, "upstream").filter(({ block }) => block.length > 0);
  const named = new Set(blocks.map(({ args }) => args[0]));
  const direct = new Map(
    passes.filter(({ host }) => !named.has(host)).map((one) => [`${one.protocol} ${one.host}`, one]),
  );
  return [
    ...blocks.map((block) => ({
      name: (block.args[0] ?? "").slice(0, 200),
      protocol: passes.find(({ host }) => host === block.args[0])?.protocol ?? ("tcp" as const),
      members: block.block
        .filter(({ name }) => name === "server")
        .slice(0, 50)
        .map(({ args: [address = "", ...more] }) => ({
          address: address.slice(0, 200),
          backup: more.includes("backup"),
          down: more.includes("down"),
        })),
      ...placeOf(block),
    })),
    ...[...direct.values()].map(({ host, protocol, directive }) => ({
      ...{
        name: host.slice(0, 200),
        protocol,
        members: [{ address: host.slice(0, 200), backup: false, down: false }],
      },
      ...placeOf(directive),
    })),
  ];
}
