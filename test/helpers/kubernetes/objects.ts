/** An object of the emulated API server, as the API writes it. */
export interface KubeObject {
  apiVersion?: string;
  kind?: string;
  metadata: Record<string, unknown> & {
    name: string;
    namespace?: string;
    uid: string;
    resourceVersion?: string;
    generation?: number;
    labels?: Record<string, string>;
    annotations?: Record<string, string>;
    ownerReferences?: { kind: string; name: string; uid: string; controller?: boolean }[];
  };
  spec?: Record<string, unknown>;
  status?: Record<string, unknown>;
  [field: string]: unknown;
}

export type Fields = Record<string, unknown>;

export const isFields = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** What stands at `status.phase`; undefined: nothing. */
export const at = (value: unknown, path: string): unknown =>
  path.split(".").reduce<unknown>((inner, name) => (isFields(inner) ? inner[name] : undefined), value);

/** An error of the API as a Status body. */
export interface Refusal {
  readonly status: number;
  readonly reason?: string;
  readonly message: string;
  readonly details?: Fields;
  readonly more?: Fields;
}
export class ApiRefusal extends Error {
  readonly refusal: Refusal;
  constructor(refusal: Refusal) {
    super(refusal.message);
    this.refusal = refusal;
  }
}

export const statusBody = ({ status, reason, message, details, more }: Refusal): Fields => ({
  kind: "Status",
  apiVersion: "v1",
  metadata: {},
  status: "Failure",
  message,
  ...(reason === undefined ? {} : { reason }),
  ...(details === undefined ? {} : { details }),
  code: status,
  ...more,
});

/** `deployments.apps`, `pods`. */
export const qualified = (plural: string, group: string): string =>
  group === "" ? plural : `${plural}.${group}`;
const detailsOf = (plural: string, group: string, name: string): Fields => ({
  name,
  ...(group === "" ? {} : { group }),
  kind: plural,
});

export const notFound = (plural: string, group: string, name: string): ApiRefusal =>
  new ApiRefusal({
    status: 404,
    reason: "NotFound",
    message: `${qualified(plural, group)} "${name}" not found`,
    details: detailsOf(plural, group, name),
  });

export const conflict = (plural: string, group: string, name: string): ApiRefusal =>
  new ApiRefusal({
    status: 409,
    reason: "Conflict",
    message: `Operation cannot be fulfilled on ${qualified(plural, group)} "${name}": the object has been modified; please apply your changes to the latest version and try again`,
    details: detailsOf(plural, group, name),
  });

export const badRequest = (message: string): ApiRefusal =>
  new ApiRefusal({ status: 400, reason: "BadRequest", message });

export const unknownPath = (): ApiRefusal =>
  new ApiRefusal({
    status: 404,
    reason: "NotFound",
    message: "the server could not find the requested resource",
    details: {},
  });

export const invalid = (
  kind: string,
  group: string,
  name: string,
  field: string,
  message: string,
  reason = "FieldValueInvalid",
): ApiRefusal =>
  new ApiRefusal({
    status: 422,
    reason: "Invalid",
    message: `${group === "" ? kind : `${kind}.${group}`} "${name}" is invalid: ${field}: ${message}`,
    details: {
      name,
      ...(group === "" ? {} : { group }),
      kind,
      causes: [{ reason, message, field }],
    },
  });
