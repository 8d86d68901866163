import { z } from "zod";
import { parseDuration } from "../../../core/words/duration.ts";

/** Where dumps of a database are laid down, and how old the newest may be. */
export const DumpSettings = z.strictObject({
  name: z.string().regex(/^[a-z][a-z0-9_]{0,30}$/, "small letters, digits and _"),
  folder: z
    .string()
    .max(500)
    .regex(/^\/[\w./@:+-]*$/, "a whole path, without * and spaces"),
  within: z
    .string()
    .refine((words) => parseDuration(words) !== undefined, "a duration such as 26h")
    .default("26h"),
  /** The server of this machine that a copy may be restored on, by a role that may create databases and is no superuser. */
  restore: z
    .strictObject({
      user: z.string().regex(/^[\w.-]{1,63}$/),
      /** A name, an address or the folder of the socket. Default: libpq's own. */
      host: z
        .string()
        .regex(/^[\w./:-]{1,200}$/)
        .optional(),
      port: z.int().min(1).max(65_535).default(5432),
    })
    .optional(),
});
export type DumpSettings = z.output<typeof DumpSettings>;

const place = DumpSettings.shape.folder;

/** Where base backups of a server are laid down, how old the newest may be, and where its write-ahead log is archived. */
export const BaseSettings = z.strictObject({
  name: DumpSettings.shape.name,
  folder: place,
  within: z
    .string()
    .refine((words) => parseDuration(words) !== undefined, "a duration such as 8d")
    .default("8d"),
  /** What `archive_command` fills, on the same machine. Absent: whether WAL is archived without a gap is not looked at. */
  archive: place.optional(),
});
export type BaseSettings = z.output<typeof BaseSettings>;
