import type { z } from "zod";

/** Name of a kind of connection, e.g. `postgres`: of the list in `src/connectors/kinds.ts`, or of a pack. */
export type Kind = string;

/** Where a connection goes on the network, without its secrets. */
export interface Endpoint {
  readonly host: string;
  readonly port: number;
  readonly tls: boolean;
}

/** What a kind may tell of a connection besides its address. */
export type FaceFact = string | number | boolean | readonly string[];

/** What runbooks and people may know of a connection: never a credential. */
export interface ConnectionFace {
  readonly name: string;
  readonly kind: Kind;
  /** Undefined for sockets, local machines and what names no fixed address. */
  readonly endpoint?: Endpoint;
  /** What the kind tells, e.g. `role` of a Redis; absent: nothing. */
  readonly about?: Readonly<Record<string, FaceFact>>;
}

/** One connection of a system as its kind has read it. */
export interface Connection<Settings = unknown> {
  readonly kind: Kind;
  readonly face: ConnectionFace;
  /** As in diagbot.yaml, with its credentials: only the connector of the kind knows what stands in it. */
  readonly settings: Settings;
}

/** The shape of a connection's settings in diagbot.yaml, without `kind`. */
export type SettingsSchema = z.ZodObject;
