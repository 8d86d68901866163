import { code, type Evidence, shellWord } from "../../src/sdk/index.ts";
import type { Advice, Container, List, Log } from "./cause.ts";
import type { Past } from "./past.ts";

/** One container and all that there is to judge it by. */
export interface Case {
  readonly one: Container;
  readonly list: List;
  readonly past: Past;
  readonly log: Log | undefined;
  /** `linux/amd64` of the engine, where it was asked. */
  readonly platform: string | undefined;
  /** Docker, or Podman answering in its words; undefined: not asked. */
  readonly product: string | undefined;
  /** Share of the last second in which its CPU limit held it back. */
  readonly throttled: number;
  /** A person or an alert asked for this very one: it is then expected to run. */
  readonly isAsked: boolean;
  readonly now: Date;
}

/** diagbot itself, what its owner protects, and what swarm looks after are not started or restarted. */
export const mayAct = ({ protected: isProtected, isTask }: Container): boolean => !isProtected && !isTask;

/** Where nothing tells the cause: how to read on. */
export const readOn = ({ name }: Container): Advice => ({
  key: "fixCrash",
  text: `Read on: \`docker logs --tail 200 --since 15m ${shellWord(name)}\`. A changed .env or compose file is picked up by \`docker compose up -d\`, not by a restart. Check what it depends on (database, cache) before anything else.`,
});

/** `: the CPU …`, to end a title with. */
export const ending = (short: string): string => (short === "" ? "" : `: ${short}`);

/** Text as it came, under a title; nothing where there is none. */
export const codeOf = (text: string, title: string): Evidence[] => (text === "" ? [] : [code(text, title)]);
