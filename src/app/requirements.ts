import type { DoctorCheck } from "../cli/deps.ts";
import { missingToServe, type Role } from "../config/environment.ts";
import type { Config } from "../config/load.ts";
import { DiagError, type ErrorCode, toDiagError } from "../core/words/errors.ts";
import { checkQueue } from "../queue/check.ts";
import { lookAtStore, type Pool } from "../store/index.ts";

/** As `doctor` shows it; `code`: of the error `serve` ends with where this stops it. */
export interface Required extends DoctorCheck {
  readonly code?: ErrorCode;
}

/** The oldest Node diagbot runs on; `engines` of package.json says the same. */
const OLDEST_NODE = [20, 19] as const;

/**
 * The one list of what a process needs to serve: `serve` refuses where something stops it, and `doctor` shows the same.
 * Looks only. The configuration has been read by now; what is wrong with it has been refused, or is in its warnings.
 */
export async function requirements(
  place: { readonly config: Config; readonly pool: Pool },
  role: Role,
): Promise<Required[]> {
  const looked = [
    [node(process.versions.node)],
    configuration(place.config),
    [doors(place.config, role)],
    postgres(place.pool),
    queue(place.config).then((one) => [one]),
  ];
  return (await Promise.all(looked)).flat();
}

/** Throws where `doctor` says that `serve` would not start, with every reason at once. */
export async function requireAll(place: Parameters<typeof requirements>[0], role: Role): Promise<void> {
  const stopping = (await requirements(place, role)).filter(({ stopsServe }) => stopsServe);
  if (stopping.length === 0) return;
  const complaints = stopping.map(({ name, detail, fix }) =>
    [`${name}: ${detail}`, ...(fix === undefined ? [] : [fix])].join(". "),
  );
  throw new DiagError(stopping[0]?.code ?? "bad_config", complaints.join("\n"), {
    hint: "`diagbot doctor` shows this and more",
  });
}

const ok = (name: string, detail: string): Required => ({ name, state: "ok", detail });
const stops = (name: string, detail: string, more: Partial<Required>): Required => ({
  name,
  state: "missing",
  detail,
  stopsServe: true,
  code: "bad_config",
  ...more,
});

/** Exported for its test. */
export function node(version: string): Required {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const [wanted, least] = OLDEST_NODE;
  return major > wanted || (major === wanted && minor >= least)
    ? ok("node", version)
    : stops("node", version, { fix: `install Node ${OLDEST_NODE.join(".")} or newer` });
}

const configuration = ({ path, warnings }: Config): Required[] =>
  warnings.length === 0
    ? [ok("configuration", path)]
    : warnings.map((detail) => ({ name: "configuration", state: "warning", detail }));

function doors({ environment }: Config, role: Role): Required {
  const missing = missingToServe(environment, role);
  if (missing.length > 0) return stops("alertmanager", missing.join("; "), {});
  return ok(
    "alertmanager",
    role === "worker" ? "a worker has no doors" : "a token is set; the path is /webhooks/alertmanager",
  );
}

async function postgres(pool: Pool): Promise<Required[]> {
  try {
    const { version, isNewEnough, role, schema, mayCreate, missing, changed } = await lookAtStore(pool);
    const detail = `Postgres ${version}`;
    if (!isNewEnough) return [stops("postgres", detail, { fix: "use Postgres 14 or newer" })];
    if (changed.length > 0)
      return [
        stops("postgres", `${detail}; applied in another version: ${changed.join(", ")}`, {
          fix: "the database belongs to another version of diagbot: use that version, or another database",
        }),
      ];
    if (missing.length === 0) return [ok("postgres", detail)];
    const said = `${detail}; not migrated: ${missing.join(", ")}`;
    if (mayCreate)
      return [
        {
          name: "postgres",
          state: "warning",
          detail: said,
          fix: "run `diagbot migrate` (serve does it, too)",
        },
      ];
    return [
      stops("postgres", `${said}; ${role} may not make tables in ${schema}`, {
        fix: "as the owner of the database, in psql",
        paste: [`GRANT CREATE ON SCHEMA ${quoted(schema)} TO ${quoted(role)};`],
      }),
    ];
  } catch (thrown) {
    const { code, message } = toDiagError(thrown, "store_unavailable");
    return [stops("postgres", message, { code, fix: "check DATABASE_URL and that Postgres is up" })];
  }
}

/** A name as SQL writes it, whatever it holds. */
const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;

async function queue({ environment }: Config): Promise<Required> {
  const { redisUrl, databaseUrl, prefix } = environment;
  const complaints = await checkQueue({ redisUrl, databaseUrl, prefix });
  if (complaints.length > 0)
    return stops("queue", complaints.join("; "), {
      fix:
        redisUrl === undefined
          ? "see docs/reliability.md, queue"
          : "check REDIS_URL; Redis needs maxmemory-policy noeviction",
    });
  return ok("queue", redisUrl === undefined ? "in Postgres (REDIS_URL is not set)" : "Redis");
}
