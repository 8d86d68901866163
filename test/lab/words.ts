import type { TestAuthority } from "../helpers/certificates.ts";
import type { PrivateEngine } from "../helpers/docker.ts";
import type { MysqlServer } from "../helpers/mysql-server.ts";
import type { LabPostgres } from "../helpers/postgres.ts";
import type { RabbitServer } from "../helpers/rabbitmq-server.ts";
import type { RedisServer } from "../helpers/redis-server.ts";
import type { SystemdMachine } from "../helpers/systemd.ts";
import type { ExampleServices } from "./example-services.ts";

/** What scenarios are brought about on; started once where one of them needs it, and shared. */
export interface Components {
  /** Twenty connections, an ordinary role `app`, the bot where reserved slots are: test/helpers/postgres.ts. */
  readonly postgres: LabPostgres;
  /** Emptied and set back before each scenario. */
  readonly redis: RedisServer;
  /** HTTP and TCP servers of Node: nothing to install. */
  readonly servers: true;
  /** This machine, as root: small file systems of its own can be mounted. */
  readonly machine: true;
  /** A private engine with an image of busybox; each scenario has a project of its own. */
  readonly docker: PrivateEngine;
  /** A systemd with its journal, behind an sshd; each scenario has units of its own. */
  readonly systemd: SystemdMachine;
  readonly rabbitmq: RabbitServer;
  /** A private MariaDB with an ordinary account `app`. */
  readonly mysql: MysqlServer;
  /** PgBouncer on the PATH; scenarios start their own in front of `postgres`. */
  readonly pgbouncer: true;
  /** Prometheus on the PATH; scenarios start their own with a history. */
  readonly prometheus: true;
  /** An authority that diagbot trusts here. */
  readonly certificates: TestAuthority;
  /** An API server in memory, held to recordings of a real one. */
  readonly kubernetes: true;
  /** A server that speaks MongoDB's protocol to its driver. */
  readonly mongodb: true;
  /** A store of traces that answers as Jaeger's query service does. */
  readonly jaeger: true;
  /** A script that says what real nvidia-smi were seen to say. */
  readonly gpu: true;
  /** The sample services of docs/examples: `local/systems`. */
  readonly examples: ExampleServices;
}
export type ComponentName = keyof Components;

/** Says what has to be undone when a situation is over: last in, first out. */
export type Keep = (undo: () => unknown) => void;

/** What the situation is brought about on and seen through: connections of diagbot.yaml and what depends on them. */
interface Place {
  /** By name, as in diagbot.yaml. */
  readonly connections: Readonly<Record<string, object>>;
  readonly thresholds?: Readonly<Record<string, number>>;
  /** Labels besides `alertname`, `severity` and those that name the system. */
  readonly labels?: Readonly<Record<string, string>>;
  /** Brings the fault about and resolves when it is there; what it leaves is undone by `keep`. */
  break(keep: Keep): Promise<void>;
  /** Brings about what looks like it and is healthy. */
  twin(keep: Keep): Promise<void>;
  /** Looks at the component itself: is the damage gone? Asked until it is, once a remedy was applied. */
  gone?(): Promise<boolean>;
}

/** One fault, its healthy twin, and what a right answer says. docs/lab.md describes the format. */
export interface Scenario<Needs extends ComponentName = ComponentName> {
  /** `<kind>/<what>`; the file is named so. */
  readonly id: string;
  /** Issues of the guides that it stands for. */
  readonly items: readonly string[];
  readonly needs: readonly Needs[];
  /** What is the matter, in a line for people. */
  readonly situation: string;
  /** What looks like it and is healthy. */
  readonly twin: string;
  readonly alert: {
    readonly name: string;
    readonly severity: "warning" | "critical";
    readonly summary: string;
  };
  readonly expect: Expected;
  /** In the subset that is run on every change. */
  readonly quick?: true;
  /** Where no runbook has the alert's name: what a route leads to. */
  readonly runbook?: string;
  /** Checks of diagbot.yaml, as written there. */
  readonly checks?: readonly WrittenCheck[];
  /** Made once, before diagbot starts; `keep` undoes it when all scenarios are over. */
  place(parts: Pick<Components, Needs>, keep: Keep): Promise<Place> | Place;
}

/** A check as it is written, with the name by which a route leads to it. */
export interface WrittenCheck {
  readonly id: string;
  readonly [key: string]: unknown;
}

/** What a right answer says. */
interface Expected {
  /** Id of the first finding; a `*` at the end stands for anything (`disk-full:*`). */
  readonly first: string;
  /** Key of a remedy that the first finding must offer. */
  readonly remedy?: string;
  /** The remedy is executable and safe to try here: it is approved, and the damage must be gone. */
  readonly apply?: true;
  /**
   * Ids of findings about the machine itself, which the lab shares with others and with what it did before (a process that was
   * killed for memory an hour ago): true or not, they are not about what was brought about, and count for nothing.
   */
  readonly elsewhere?: readonly string[];
}

/** Checks a scenario's types against the components it names, and forgets them. */
export const scenario = <Needs extends ComponentName>(spec: Scenario<Needs>): Scenario => spec as Scenario;

/** What came of one situation. */
export interface Seen {
  /** In the order of the thread. */
  readonly findings: readonly SeenFinding[];
  /** Runs that the alert started. */
  readonly runs: readonly { readonly id: string; readonly runbook: string; readonly status: string }[];
  /** By key; of the run with the first finding. */
  readonly remedies: Readonly<Record<string, { readonly status: string; readonly advice?: string }>>;
  /** From the delivery of the notification until the findings stood in the thread; absent where nothing was found. */
  readonly evidenceSeconds?: number;
}

export interface SeenFinding {
  readonly run: string;
  readonly id: string;
  readonly severity: string;
  readonly title: string;
  readonly remedies: readonly string[];
}

/** How a scenario went. `notRun`: why it could not be brought about; then nothing else is known. */
export interface Outcome {
  readonly id: string;
  readonly items: readonly string[];
  readonly components: readonly string[];
  readonly notRun?: string;
  readonly first?: SeenFinding;
  readonly right?: boolean;
  /** What became of the remedy: `offered`, `advice`, or the status it ended with. */
  readonly remedy?: string;
  /** Both diagbot and a look at the component say that it is gone. Absent where nothing was applied. */
  readonly verified?: boolean;
  /** Findings above info while nothing was wrong. Absent where the twin was not reached. */
  readonly falseFindings?: readonly SeenFinding[];
  readonly evidenceSeconds?: number;
  readonly seconds?: number;
  /** Sentences; empty: all as it must be. */
  readonly wrong: readonly string[];
}
