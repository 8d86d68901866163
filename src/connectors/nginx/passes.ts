import { z } from "zod";
import { allOf, type Directive } from "./parse.ts";

/** What passes requests on: `http`, or a protocol whose answers curl cannot ask for. */
export const Protocol = z.enum(["http", "https", "grpc", "fastcgi", "uwsgi", "scgi", "memcached", "tcp"]);
type Protocol = z.output<typeof Protocol>;

interface Pass {
  readonly host: string;
  readonly protocol: Protocol;
  readonly directive: Directive;
}

const PASSES = ["proxy_pass", "grpc_pass", "fastcgi_pass", "uwsgi_pass", "scgi_pass", "memcached_pass"];
/** Variables that make the path, behind a host that is whole. */
const PATH = /(?<=[\w\]])\$(?:request_uri|uri|document_uri|is_args|args|\d)(?![\w]).*$/;

/** Whom requests are passed on to; `variable`: what is known only when a request comes. A variable that is set once, to a fixed text, is that text. Pure. */
export function passesOf(directives: readonly Directive[]): { known: Pass[]; variable: string[] } {
  const fixed = fixedOf(directives);
  const all = PASSES.flatMap((name) =>
    allOf(directives, name).map((directive) => ({
      said: directive.args[0] ?? "",
      ...targetOf(name, filled(directive.args[0] ?? "", fixed)),
      directive,
    })),
  ).filter(({ host }) => host !== "");
  return {
    known: all.filter(({ host }) => !host.includes("$")),
    variable: [
      ...new Set(all.filter(({ host }) => host.includes("$")).map(({ said }) => said.slice(0, 200))),
    ],
  };
}

function fixedOf(directives: readonly Directive[]): Map<string, string> {
  const values = new Map<string, Set<string>>();
  for (const {
    args: [name = "", value = ""],
  } of allOf(directives, "set"))
    values.set(name, (values.get(name) ?? new Set()).add(value));
  return new Map(
    [...values].flatMap(([name, [value = "", ...more]]) =>
      more.length === 0 && value !== "" && !value.includes("$") ? [[name, value] as const] : [],
    ),
  );
}

const filled = (target: string, fixed: ReadonlyMap<string, string>): string =>
  target
    .replace(
      /\$\{(\w{1,60})\}|\$(\w{1,60})/g,
      (whole, braced?: string, plain?: string) => fixed.get(`$${braced ?? plain ?? ""}`) ?? whole,
    )
    .replace(PATH, "");

function targetOf(name: string, target: string): { host: string; protocol: Protocol } {
  const [, scheme = "", rest = target] = /^(https?|grpcs?):\/\/(.*)$/.exec(target) ?? [];
  const host = rest.startsWith("unix:")
    ? rest.split(":/")[0] === "unix"
      ? `unix:/${rest.slice(6).split(":")[0] ?? ""}`
      : rest
    : (rest.split("/")[0] ?? "");
  const kind = name.replace(/_pass$/, "");
  const protocol =
    kind === "proxy" ? (scheme === "https" ? "https" : scheme === "http" ? "http" : "tcp") : kind;
  return { host, protocol: Protocol.parse(protocol) };
}
