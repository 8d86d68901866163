import { type docker, type Finding, type OutputOf, shellWord } from "../../src/sdk/index.ts";

export type List = OutputOf<typeof docker.containers>;
export type Container = List["containers"][number];
export type Events = OutputOf<typeof docker.events>;
export type Log = OutputOf<typeof docker.logs>["logs"][number];

/** What a person may be told to do. Each is one remedy of the runbook; the words come from the cause. */
export type AdviceKey =
  | "fixCrash"
  | "correctCheck"
  | "raiseMemory"
  | "freePort"
  | "fixStart"
  | "fixImage"
  | "repairDependency"
  | "freeDisk"
  | "recreate";

export interface Advice {
  readonly key: AdviceKey;
  readonly text: string;
}

/** Why a container is as it is, and what helps against that: nothing is offered that does not. */
export interface Cause {
  /** Ends the title: a few words. Empty: the title says it all. */
  readonly short: string;
  readonly because: string;
  readonly advice?: Advice;
  /** Starting it brings the service back: what ended it is over, or may be. */
  readonly startHelps?: true;
}

/** One container's problem. */
export interface Problem {
  /** First part of the finding's id. */
  readonly kind: string;
  readonly container: Container;
  readonly severity: Finding["severity"];
  readonly title: string;
  readonly because: string;
  readonly advice: readonly Advice[];
  /** Writes that help against this cause. */
  readonly acts: readonly ("start" | "restart")[];
  /** Worth a word only where it explains another problem: what an operator stopped long ago, say. */
  readonly isQuiet?: true;
}

export const idOf = ({ kind, container }: Pick<Problem, "kind" | "container">): string =>
  `${kind}:${container.name}`;

/** Words of a table, of this container: CONTAINER, IMAGE and SERVICE stand for its own, as words of a command. */
export const fill = (words: string, { name, image, service }: Container): string =>
  words.replace(/\b(CONTAINER|IMAGE|SERVICE)\b/g, (word) =>
    shellWord(word === "IMAGE" ? image : word === "SERVICE" ? service : name),
  );
