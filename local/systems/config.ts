import { stringify } from "yaml";
import { z } from "zod";
import { accountName } from "../../src/lib/account-name.ts";
import { LIMITS } from "../faults/rules.ts";
import { CONFIGURED_PEOPLE, OPS_CHANNEL, POLICIES } from "../people.ts";

const Connection = z.looseObject({ kind: z.string() });
type Connection = z.output<typeof Connection>;
const Command = z.looseObject({ argv: z.array(z.string()).min(1), workingDirectory: z.string().optional() });
const Log = z.looseObject({ path: z.string() });

/** The diagbot.yaml of an example, as far as the try-out has to change it. */
export const ExampleFile = z.looseObject({
  routes: z.array(z.looseObject({ match: z.array(z.string()) })).default([]),
  schedules: z.array(z.looseObject({ runbook: z.string() })).default([]),
  systems: z.record(
    z.string(),
    z.looseObject({
      channel: z.string(),
      connections: z.record(z.string(), Connection),
      thresholds: z.record(z.string(), z.unknown()).default({}),
      contacts: z.array(z.looseObject({ name: z.string() })).default([]),
    }),
  ),
});
export type ExampleFile = z.output<typeof ExampleFile>;

/** Where what the example names is found here. */
export interface Places {
  /** Port of the sample service by connection. */
  readonly ports: Readonly<Record<string, number>>;
  /** Where a file of the sample machine is on this one. */
  file(path: string): string;
  /** Programs that are run as they are. */
  readonly real: readonly string[];
  readonly hasCache: boolean;
  readonly prometheusUrl: string;
  /** Names of its metrics where they are not the usual ones. */
  readonly metricNames: Readonly<Record<string, string>> | undefined;
}

/** Variables of the databases in what the try-out writes. */
export const VARIABLES = { database: "DEMO_DATABASE_URL", cache: "DEMO_CACHE_URL" } as const;

/** The only system of an example. Throws where it has another number of them. */
export function systemOf(example: ExampleFile): [string, ExampleFile["systems"][string]] {
  const [first, ...more] = Object.entries(example.systems);
  if (first === undefined || more.length > 0) throw new Error("an example has one system");
  return first;
}

/** Connections of the example that the try-out has nothing for, with their kinds. */
export const notHere = (example: ExampleFile, places: Pick<Places, "ports" | "hasCache">): string[] =>
  Object.entries(systemOf(example)[1].connections).flatMap(([name, connection]) =>
    placed(name, connection, { ...NOWHERE, ...places }) === undefined ? [`${name} (${connection.kind})`] : [],
  );

const NOWHERE: Places = {
  ports: {},
  file: (path) => path,
  real: [],
  hasCache: false,
  prometheusUrl: "http://127.0.0.1",
  metricNames: undefined,
};

/**
 * The example with addresses of this machine, the people of the local Slack, and shorter times; `alerts` of the try-out that it
 * has no route for get one. What would call somebody outside (webhooks, escalation) is left out.
 */
export function demoFile(
  example: ExampleFile,
  places: Places,
  alerts: readonly { readonly alertname: string; readonly runbook: string }[],
  account = accountName(),
): string {
  const [id, system] = systemOf(example);
  const { webhooks: _webhooks, escalate: _escalate, ...rest } = example;
  const connections = Object.entries(system.connections).flatMap(([name, connection]) => {
    const found = placed(name, connection, places);
    return found === undefined ? [] : [[name, found] as const];
  });
  const routed = new Set(example.routes.flatMap(({ match }) => match));
  const config = {
    ...rest,
    slack: { channel: OPS_CHANNEL },
    people: { ...CONFIGURED_PEOPLE, bob: { ...CONFIGURED_PEOPLE.bob, login: [account] } },
    commandLine: { sudo: [] },
    policies: POLICIES,
    alerts: { quiet: "2s" },
    routes: [
      ...example.routes,
      ...alerts
        .filter(({ alertname }) => !routed.has(`alertname=${alertname}`))
        .map(({ alertname, runbook }) => ({ match: [`alertname=${alertname}`], runbook })),
    ],
    schedules: example.schedules.filter(({ runbook }) => places.hasCache || !runbook.startsWith("redis-")),
    systems: {
      [id]: {
        ...system,
        match: [{ job: id }],
        connections: Object.fromEntries(connections),
        thresholds: {
          ...system.thresholds,
          connections: LIMITS.connections,
          idleMinutes: LIMITS.idleSeconds / 60,
        },
        contacts: system.contacts.map((contact) => ({ ...contact, channel: system.channel })),
      },
    },
  };
  return `# docs/examples/${id}/diagbot.yaml, as npm run demo -- --system ${id} writes it at every start.\n${stringify(config)}`;
}

/** A connection as it is here; undefined: the try-out has nothing for it. */
function placed(name: string, connection: Connection, places: Places): Connection | undefined {
  const port = places.ports[name];
  switch (connection.kind) {
    case "http":
      return port === undefined ? undefined : { ...connection, url: `http://127.0.0.1:${port}` };
    case "tcp":
      return port === undefined ? undefined : { ...connection, host: "127.0.0.1", port };
    case "postgres":
      return { ...connection, url: variable(VARIABLES.database) };
    case "redis":
      return places.hasCache ? { ...connection, url: variable(VARIABLES.cache) } : undefined;
    case "prometheus":
      return {
        ...connection,
        url: places.prometheusUrl,
        ...(places.metricNames === undefined ? {} : { metrics: places.metricNames }),
      };
    case "host":
    case "exec":
      return onThisMachine(connection, places);
    default:
      return undefined;
  }
}

const variable = (name: string): string => `\${${name}}`;

function onThisMachine({ ssh: _ssh, identity: _identity, ...rest }: Connection, places: Places): Connection {
  const { logs, commands } = z
    .looseObject({ logs: z.array(Log).optional(), commands: z.record(z.string(), Command).optional() })
    .parse(rest);
  return {
    ...rest,
    local: true,
    ...(logs === undefined ? {} : { logs: logs.map((log) => ({ ...log, path: places.file(log.path) })) }),
    ...(commands === undefined
      ? {}
      : {
          commands: Object.fromEntries(
            Object.entries(commands).map(([name, command]) => [name, commandHere(command, places)]),
          ),
        }),
  };
}

/** Programs of the sample machine lie in its folder; nobody becomes another user for them. */
function commandHere(
  { user: _user, ...command }: z.output<typeof Command>,
  { file, real }: Places,
): z.output<typeof Command> {
  const [program = "", ...words] = command.argv;
  const argv = real.includes(program)
    ? [program, ...words.map((word) => (word.startsWith("/") ? file(word) : word))]
    : [file(program), ...words];
  const { workingDirectory } = command;
  return {
    ...command,
    argv,
    ...(workingDirectory === undefined ? {} : { workingDirectory: file(workingDirectory) }),
  };
}
