import { z } from "zod";
import { isOneMachine, MACHINE } from "../machine/settings.ts";
import { BaseSettings, DumpSettings } from "./dumps/declared.ts";
import { Source } from "./open-port/source.ts";

const path = z
  .string()
  .max(500)
  .regex(/^\/[\w./%@:+-]+$/, "a whole path, without * and spaces");

/** A `kind: host` connection. */
export const HostSettings = z
  .strictObject({
    ...MACHINE,
    /** File systems to watch; empty: all real ones. */
    mounts: z.array(z.string().startsWith("/")).default([]),
    /** Folders the disk-full runbook may look into and clean (rotated logs, temporary files). */
    cleanable: z.array(z.string().startsWith("/")).default([]),
    /** Log files that may be read and searched, and no others. `%Y%m%d` and the like stand for the day, by the machine's clock. */
    logs: z
      .array(
        z.strictObject({
          name: z.string().regex(/^[\w.-]{1,60}$/),
          path,
        }),
      )
      .max(20)
      .default([]),
    /** Folders that may hold so many bytes (logs, uploads): over the disk threshold of that is a finding. */
    budgets: z
      .array(z.strictObject({ path: z.string().startsWith("/"), bytes: z.number().positive() }))
      .default([]),
    /** Programs that may hold so many bytes of memory: each process whose command line contains `match`. */
    processes: z
      .array(z.strictObject({ match: z.string().min(3).max(100), bytes: z.number().positive() }))
      .default([]),
    /** Absent: the firewall is read where that is possible, and no address is ever blocked. */
    firewall: z
      .strictObject({
        /** nft runs by `sudo -n`. */
        sudo: z.boolean().default(false),
        /** Addresses and networks that are never blocked: load balancers, offices, monitoring. */
        never: z
          .array(z.union([z.ipv4(), z.ipv6(), z.cidrv4(), z.cidrv6()]))
          .max(100)
          .default([]),
        /** Networks that a port may be opened to, no wider than /8 (IPv6: /16); `any` for everybody. Empty: no port is opened. */
        open: z.array(Source).max(20).default([]),
      })
      .optional(),
    /** Absent: swap is read, and no swap file is ever made. */
    swapFile: z
      .strictObject({
        path: path.default("/swapfile"),
        /** fallocate, chmod, mkswap, swapon, swapoff and rm of that path run by `sudo -n`. */
        sudo: z.boolean().default(false),
      })
      .optional(),
    /** Absent: no file system is ever grown. */
    grow: z
      .strictObject({
        /** Mount points of ext2 to ext4 and xfs that may take the room their volume has. */
        mounts: z
          .array(path.or(z.literal("/")))
          .min(1)
          .max(10),
        /** dumpe2fs, growpart, resize2fs and xfs_growfs run by `sudo -n`. */
        sudo: z.boolean().default(false),
      })
      .optional(),
    /** logrotate's main configuration, its state file where it is elsewhere, and configurations whose logs may be rotated on request. */
    logrotate: z
      .strictObject({
        main: path.default("/etc/logrotate.conf"),
        state: path.optional(),
        configs: z.array(path).max(20).default([]),
      })
      .prefault({}),
    /** Environments that may be looked at, by names and shapes only: a `.env` file, and the unit or container that is to have it. */
    environments: z
      .array(
        z
          .strictObject({
            name: z.string().regex(/^[\w.-]{1,60}$/),
            file: path.optional(),
            /** What names are to be there; default: `.env.example` and the like beside the file. */
            example: path.optional(),
            unit: z
              .string()
              .regex(/^[A-Za-z0-9_:.\\@][A-Za-z0-9_:.\\@-]{0,254}$/, "a unit's name")
              .optional(),
            container: z
              .string()
              .regex(/^[A-Za-z0-9][\w.-]{0,200}$/, "a container's name or id")
              .optional(),
            /** Names without which it cannot run. */
            required: z
              .array(z.string().regex(/^[A-Za-z_]\w{0,99}$/))
              .max(200)
              .default([]),
          })
          .refine(
            ({ unit, container }) => unit === undefined || container === undefined,
            "a unit or a container, not both",
          )
          .refine(
            ({ file, unit, container }) => (file ?? unit ?? container) !== undefined,
            "needs a file, a unit or a container",
          ),
      )
      .max(10)
      .default([]),
    /** Folders of database dumps. */
    dumps: z.array(DumpSettings).max(20).default([]),
    /** Folders of base backups of Postgres (pg_basebackup), and the archives that belong to them. */
    baseBackups: z.array(BaseSettings).max(5).default([]),
    /** What drives say of themselves (SMART) only root may ask. */
    smart: z
      .strictObject({
        program: z.string().startsWith("/").max(300).optional(),
        /** smartctl runs by `sudo -n`. */
        sudo: z.boolean().default(false),
      })
      .prefault({}),
    /** The program that knows NVIDIA GPUs; default: of the PATH. */
    nvidiaSmi: z.string().startsWith("/").max(300).optional(),
  })
  .refine(...isOneMachine);
export type HostSettings = z.output<typeof HostSettings>;
