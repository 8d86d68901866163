import { z } from "zod";
import { url } from "../settings.ts";

/** `shop.orders`: database and collection. Names of collections may hold dots; those of databases may not. */
export const Namespace = z
  .string()
  .max(255)
  .regex(/^[^.$\s/\\"]{1,63}\.[^$]+$/, "must be <database>.<collection>");

/** A `kind: mongodb` connection. */
export const MongoSettings = z.strictObject({
  /** `mongodb://` with one host or several, or `mongodb+srv://`; the driver's own options stand in it. */
  url,
  /** Databases whose collections, indexes and recorded operations are looked at. Left out: all the user may list. */
  databases: z.array(z.string().min(1).max(63)).max(50).optional(),
  /** Where diagbot may create an index. Left out: nowhere, it only says which one would help. */
  indexes: z
    .strictObject({
      collections: z.array(Namespace).min(1).max(200),
      /** Larger collections are left to people: bytes of their documents, in MiB. */
      maxMiB: z.int().min(1).max(1_048_576).default(1024),
      /** Hours (UTC) between which it may be built, e.g. `[22, 5]`. Left out: at any time. */
      hoursUtc: z.tuple([z.int().min(0).max(23), z.int().min(0).max(23)]).optional(),
    })
    .optional(),
});
export type MongoSettings = z.output<typeof MongoSettings>;

/** Databases of MongoDB itself. */
export const OWN_DATABASES: ReadonlySet<string> = new Set(["admin", "local", "config"]);

const AUTHORITY = /^mongodb(?:\+srv)?:\/\/(?:([^@/?]*)@)?/i;

/** The password in a URL, also where it names several hosts, which `URL` cannot read; as written and as it is sent. */
export function passwordsIn(address: string): string[] {
  const [, login = ""] = AUTHORITY.exec(address) ?? [];
  const at = login.indexOf(":");
  if (at < 0) return [];
  const [user, password] = [login.slice(0, at), login.slice(at + 1)];
  if (password === "" || password === user) return [];
  return [password, decoded(password)];
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
