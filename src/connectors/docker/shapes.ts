import { z } from "zod";

// Answers of the Engine API (docs.docker.com/reference/api/engine, v1.41 and newer): only what is read.

const labels = z.record(z.string(), z.string()).nullish();

export const ListItem = z.object({
  Id: z.string(),
  Names: z.array(z.string()).nullish(),
  Labels: labels,
  Ports: z.array(z.object({ PublicPort: z.number().optional(), Type: z.string().default("tcp") })).nullish(),
  HostConfig: z.object({ NetworkMode: z.string().default("") }).nullish(),
  NetworkSettings: z
    .object({ Networks: z.record(z.string(), z.object({ NetworkID: z.string().default("") })).nullish() })
    .nullish(),
});

export const Version = z.object({
  Version: z.string(),
  ApiVersion: z.string(),
  Os: z.string(),
  Arch: z.string().default(""),
  /** Podman's names itself here, beside the answers it gives in Docker's words. */
  Components: z.array(z.object({ Name: z.string() })).nullish(),
});

export const productOf = ({ Components }: z.output<typeof Version>): "Docker" | "Podman" =>
  Components?.some(({ Name }) => /podman/i.test(Name)) === true ? "Podman" : "Docker";

export const Image = z.object({
  Os: z.string().default(""),
  Architecture: z.string().default(""),
  Variant: z.string().nullish(),
});

const PortBinding = z.object({ HostIp: z.string().default(""), HostPort: z.string().default("") });
const Ports = z.record(z.string(), z.array(PortBinding).nullable()).nullish();

const Health = z.object({
  Status: z.string(),
  FailingStreak: z.number().default(0),
  Log: z.array(z.object({ ExitCode: z.number().default(0), Output: z.string().default("") })).nullish(),
});

/** Durations are nanoseconds; 0 or absent: the engine's default. */
const Healthcheck = z.object({
  Test: z.array(z.string()).nullish(),
  Interval: z.number().nullish(),
  Timeout: z.number().nullish(),
  StartPeriod: z.number().nullish(),
  Retries: z.number().nullish(),
});

/** A container on a network, and the names it is found by there besides its own. */
const Endpoint = z.object({
  NetworkID: z.string().default(""),
  IPAddress: z.string().default(""),
  Aliases: z.array(z.string()).nullish(),
  DNSNames: z.array(z.string()).nullish(),
});

export const Network = z.object({
  Id: z.string(),
  Name: z.string(),
  Driver: z.string().default(""),
  Labels: z.record(z.string(), z.string()).nullish(),
});

export const Inspect = z.object({
  Id: z.string(),
  Name: z.string(),
  Created: z.string(),
  Image: z.string(),
  RestartCount: z.number().default(0),
  State: z.object({
    Status: z.string(),
    ExitCode: z.number(),
    Error: z.string().default(""),
    OOMKilled: z.boolean().default(false),
    Pid: z.number().default(0),
    StartedAt: z.string(),
    FinishedAt: z.string(),
    Health: Health.nullish(),
  }),
  Config: z.object({
    Image: z.string(),
    Labels: labels,
    Tty: z.boolean().default(false),
    Env: z.array(z.string()).nullish(),
    User: z.string().default(""),
    Cmd: z.array(z.string()).nullish(),
    Entrypoint: z.array(z.string()).nullish(),
    StopTimeout: z.number().nullish(),
    Healthcheck: Healthcheck.nullish(),
  }),
  HostConfig: z.object({
    Memory: z.number().default(0),
    MemorySwap: z.number().nullish(),
    NanoCpus: z.number().nullish(),
    CpuQuota: z.number().nullish(),
    NetworkMode: z.string().default(""),
    RestartPolicy: z
      .object({ Name: z.string().default("no"), MaximumRetryCount: z.number().default(0) })
      .nullish(),
    PortBindings: Ports,
    ReadonlyRootfs: z.boolean().default(false),
    LogConfig: z.object({ Type: z.string(), Config: z.record(z.string(), z.string()).nullish() }).nullish(),
    ShmSize: z.number().nullish(),
  }),
  NetworkSettings: z.object({ Networks: z.record(z.string(), Endpoint).nullish() }).nullish(),
  Mounts: z
    .array(
      z.object({
        Type: z.string(),
        Source: z.string().default(""),
        Destination: z.string(),
        RW: z.boolean().default(true),
      }),
    )
    .nullish(),
});
export type Inspect = z.output<typeof Inspect>;

const Throttling = z
  .object({ periods: z.number().default(0), throttled_periods: z.number().default(0) })
  .optional();

export const Stats = z.object({
  memory_stats: z
    .object({
      usage: z.number().optional(),
      limit: z.number().optional(),
      stats: z.record(z.string(), z.number()).nullish(),
    })
    .default({}),
  cpu_stats: z
    .object({
      cpu_usage: z.object({ total_usage: z.number() }),
      system_cpu_usage: z.number().optional(),
      online_cpus: z.number().optional(),
      throttling_data: Throttling,
    })
    .optional(),
  precpu_stats: z
    .object({
      cpu_usage: z.object({ total_usage: z.number() }),
      system_cpu_usage: z.number().optional(),
      throttling_data: Throttling,
    })
    .optional(),
  pids_stats: z.object({ current: z.number().optional() }).nullish(),
});
export type Stats = z.output<typeof Stats>;

export const EngineEvent = z.object({
  Type: z.string(),
  Action: z.string(),
  time: z.number(),
  Actor: z.object({ ID: z.string(), Attributes: z.record(z.string(), z.string()).default({}) }),
});
export type EngineEvent = z.output<typeof EngineEvent>;

export const Info = z.object({
  /** Host name of the machine the engine runs on. */
  Name: z.string().default(""),
  DockerRootDir: z.string().default(""),
});

const Sizes = z.object({ Size: z.number().default(0) });

/** `GET /system/df`. */
export const Usage = z.object({
  LayersSize: z.number().nullish(),
  Images: z
    .array(Sizes.extend({ Containers: z.number().default(0), SharedSize: z.number().default(0) }))
    .nullish(),
  Containers: z.array(z.object({ SizeRw: z.number().default(0) })).nullish(),
  Volumes: z
    .array(z.object({ UsageData: z.object({ Size: z.number(), RefCount: z.number() }).nullish() }))
    .nullish(),
  BuildCache: z
    .array(Sizes.extend({ InUse: z.boolean().default(false), Shared: z.boolean().default(false) }))
    .nullish(),
});
export type Usage = z.output<typeof Usage>;
