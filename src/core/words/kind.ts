import { z } from "zod";
import type { Commands } from "./command.ts";
import type { Endpoint, FaceFact } from "./connection.ts";
import type { Connector } from "./connector.ts";
import type { Severity } from "./finding.ts";
import type { HealthQuestion } from "./health.ts";
import type { StepError } from "./outcome.ts";

/** What a scheme of its URLs says. `null`: the URL names no fixed address (its hosts stand in DNS), and it is encrypted. */
export type Scheme = { readonly port: number; readonly tls?: true } | null;

/** What an error of this kind means, where its connector knows more than the network does. */
export interface Failure {
  /** Default: critical. */
  readonly severity?: Severity;
  readonly title: string;
  readonly because: string;
  /** What a human does now. */
  readonly advice: string;
}

interface KindParts<Settings> {
  /** Its URLs may name several hosts (`mongodb://a:1,b:2/x`), which `URL` cannot read: they are read as of the first. */
  readonly severalHosts?: true;
  /** Whether a URL makes the client insist on TLS, where the scheme alone does not tell. */
  encrypts?(url: URL): boolean;
  /** Its address where that is not in `url`. */
  endpoint?(settings: Settings): Endpoint | undefined;
  /** What people and runbooks may know of a connection besides its address. */
  about?(settings: Settings): Readonly<Record<string, FaceFact>>;
  /** Values that must never be shown, besides the password of `url` and secret `headers`. */
  secrets?(settings: Settings): readonly string[];
  /** Commands that a connection declares: each becomes a runbook. Their names stand in `about` as `commands`. */
  commands?(settings: Settings): Commands;
  /** Columns of the answer of one of them; undefined: they are known once it was asked. */
  columns?(settings: Settings, command: string): readonly string[] | undefined;
  /** Its row in the health matrix. Undefined: its port is asked whether it takes a connection; empty: it has no row. */
  readonly health?: readonly HealthQuestion[];
  /** What one error means; undefined where the network's own causes say it better. Pure. */
  failure?(error: StepError): Failure | undefined;
  /** How it is reached and what can be done there. Undefined: diagbot does not speak its language yet, and says so. */
  readonly connector?: Connector<unknown, Settings>;
}

/** All that is true of one kind of connection; everything else asks here. Made by `connectionKind`. */
export interface ConnectionKind<Name extends string = string> extends KindParts<unknown> {
  /** `kind:` in diagbot.yaml. */
  readonly name: Name;
  /** Its connections in diagbot.yaml, `kind` included. */
  readonly settings: z.ZodObject;
  /** By protocol (`redis:`). Empty: any, where it has a `url` at all. */
  readonly schemes: Readonly<Record<string, Scheme>>;
}

/** What the author of a kind writes: its settings without `kind`, and what differs from the default. */
export type KindSpec<Name extends string, Shape extends z.ZodRawShape> = KindParts<
  z.output<z.ZodObject<Shape, z.core.$strict>>
> & {
  readonly name: Name;
  readonly settings: z.ZodObject<Shape, z.core.$strict>;
  readonly schemes?: Readonly<Record<string, Scheme>>;
};

const made = new WeakSet<object>();

/** Makes a kind: `connectionKind({ name: "redis", settings: z.strictObject({ url }), schemes: { … }, … })`. */
export function connectionKind<const Name extends string, Shape extends z.ZodRawShape>({
  name,
  settings,
  ...more
}: KindSpec<Name, Shape>): ConnectionKind<Name> {
  const kind: ConnectionKind<Name> = {
    schemes: {},
    ...(more as KindParts<unknown>),
    name,
    settings: (settings as unknown as z.ZodObject).safeExtend({ kind: z.literal(name) }),
  };
  made.add(kind);
  return kind;
}

/** Whether `connectionKind` of this very diagbot made it: another copy, or a hand-made object, is told apart. */
export const isConnectionKind = (value: unknown): value is ConnectionKind =>
  typeof value === "object" && value !== null && made.has(value);
