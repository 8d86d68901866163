import { host, runbookOn, shellWord, z } from "../../src/sdk/index.ts";
import { environmentFindings } from "./environment-findings.ts";

/** What a program is told by its environment: by names and shapes, never by values. */
const book = runbookOn(
  "host",
  {
    id: "env-config",
    title: "Environment and configuration of a service",
    covers: [
      "resync.config-errors",
      "tektra.startup-missing-env",
      "ai-saas.triage-config",
      "sergas-accounts.missing-env",
      "resync.model-not-responding",
      "sergas-accounts.cognee-restart",
      "sergas-accounts.db-connection-failed",
      "resync.tws-connection-failure",
      "tektra.wont-start",
    ],
    alerts: ["ConfigInvalid", "MissingEnvironmentVariable"],
    params: z.object({
      environment: z
        .string()
        .regex(/^[\w.-]{1,60}$/)
        .optional()
        .describe("one of `environments:` of the connection; empty: all of them"),
      required: z
        .string()
        .regex(/^[A-Za-z_]\w{0,99}(?: ?, ?[A-Za-z_]\w{0,99}){0,50}$/)
        .optional()
        .describe("names that must be there besides those declared, separated by commas"),
    }),
  },
  ({ params: { environment } }) => ({
    environments: host.environments(environment === undefined ? {} : { name: environment }),
  }),
);

const of = (all: readonly host.Environment[] | undefined, has: (one: host.Environment) => boolean) =>
  all?.find(has) ?? all?.[0];
const fileOf = (one: host.Environment | undefined): string => one?.file.path || "FILE";

export const envConfig = book
  .remedies({
    setNames: book.advises("Set them, and start the service anew", "low", ({ environments }) => {
      const one = of(environments?.environments, ({ process }) => process.state !== "running");
      return `In the file or the secret store the service is given (${shellWord(fileOf(one))}), not by \`export\` in a shell: a running process never sees that. Take values from where they are kept, never from a chat. ${anew(one)}`;
    }),
    startAnew: book.advises("Start the service anew with the file as it is", "high", ({ environments }) => {
      const one = of(
        environments?.environments,
        ({ process, file }) => (file.modifiedAt ?? 0) > (process.startedAt ?? Number.POSITIVE_INFINITY),
      );
      return `${anew(one)} Look at the file first: what was edited since the last start was never tried.`;
    }),
    fixLines: book.advises(
      "Write the lines so that every reader takes them alike",
      "low",
      ({ environments }) => {
        const one = of(
          environments?.environments,
          ({ file }) => file.bad.length + file.crlf + file.twice.length > 0,
        );
        return `\`NAME=value\`, no \`export\`, no blanks around \`=\`, comments on lines of their own, quotes only around values with blanks (and none for \`docker run --env-file\`). Carriage returns and the mark at the beginning: \`sed -i 's/\\r$//; 1s/^\\xEF\\xBB\\xBF//' ${shellWord(fileOf(one))}\`. A line without \`=\` may be the rest of a value of several lines: such a value belongs in a file of its own.`;
      },
    ),
    loadFile: book.advises(
      "Give the file to the service, where it does not read it itself",
      "low",
      ({ environments }) => {
        const one = of(environments?.environments, ({ process }) => process.state === "running");
        return one?.unit
          ? `\`systemctl edit ${shellWord(one.unit)}\`: \`[Service]\` and \`EnvironmentFile=${shellWord(fileOf(one))}\`, then \`systemctl restart ${shellWord(one.unit)}\`. To see whether the program reads it: \`WorkingDirectory=\` of its unit, and its own documentation.`
          : "`env_file:` of the service in the compose file, then `docker compose up -d SERVICE`. A `.env` beside the compose file only fills in variables of the compose file itself; the container does not get it.";
      },
    ),
    fixPaths: book.advises(
      "Correct the paths, or bring the files there",
      "low",
      "Within a container a path is the container's: mount what it names (`volumes:`), readable for the user it runs as. What a program makes at its first start is no fault.",
    ),
    closeFile: book.advises("Let only the service read the file", "low", ({ environments }) => {
      const one = of(environments?.environments, ({ file }) => /[4-7]$/.test(file.mode));
      return `\`chmod 640 ${shellWord(fileOf(one))}\`, with the group of the user that starts it (systemd reads it as root). If others use this machine, take the secrets in it for known.`;
    }),
    reachOther: book.advises(
      "Name the other by its service name",
      "low",
      "In one compose project or network: the service's name and its own port (`postgres:5432`, not the published one). A program on the machine itself: `host.docker.internal` with `extra_hosts: [host.docker.internal:host-gateway]`, and let it listen on the bridge's address.",
    ),
    declare: book.advises(
      "Declare what may be looked at",
      "low",
      "In diagbot.yaml, at the host connection: `environments: [{ name: api, file: /srv/app/.env, unit: api.service, required: [DATABASE_URL, SECRET_KEY] }]`; `container: NAME` instead of `unit:`. Nothing else is read, and never a value.",
    ),
  })
  .findings((find) => [
    find(["environments"], ({ environments }, { params }) => {
      const also = (params.required ?? "")
        .split(",")
        .flatMap((name) => (name.trim() === "" ? [] : [name.trim()]));
      return environments.environments.flatMap((one) => environmentFindings(one, also));
    }),
    find(["environments"], ({ environments: { environments, declared } }, { params }) => {
      if (environments.length > 0) return undefined;
      return {
        id: "not-declared",
        severity: "info",
        title:
          declared === 0 || params.environment === undefined
            ? "No environment of this machine is declared"
            : `No environment ${params.environment} is declared here`,
        because:
          "Only what diagbot.yaml names is looked at, so that nobody can have any file read by asking.",
        remedies: ["declare"],
      };
    }),
  ]);

/** How what runs takes on a new environment. */
function anew(one: host.Environment | undefined): string {
  if (one?.unit) return `\`systemctl restart ${shellWord(one.unit)}\`.`;
  if (one?.container)
    return `\`docker compose up -d\` of that service makes the container ${shellWord(one.container)} anew; \`docker restart\` and \`docker compose restart\` keep the old environment.`;
  return "Then restart the service (a container is made anew by `docker compose up -d`, never by `restart`).";
}
