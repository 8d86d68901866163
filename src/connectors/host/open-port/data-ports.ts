/** Ports of databases and the like, which nobody outside needs. */
export const DATA_PORTS: ReadonlyMap<number, string> = new Map<number, string>([
  ...([
    [5432, "Postgres"],
    [3306, "MySQL"],
    [6379, "Redis"],
    [27_017, "MongoDB"],
    [9200, "Elasticsearch"],
  ] as const),
  ...([
    [11_211, "memcached"],
    [5672, "RabbitMQ"],
    [2379, "etcd"],
    [2375, "Docker"],
  ] as const),
]);

/** Programs that keep data, or rule the machine, whatever port they were given. */
const DATA_PROGRAMS =
  /^(postgres|mysqld|mariadbd|redis-server|valkey-server|mongo[ds]|memcached|pgbouncer|etcd|dockerd|beam\.smp)$/;

/** What of this port must not be open to everybody: by its number, or by the program that listens; undefined: nothing that is known. Pure. */
export const dataBehind = (port: number, programs: readonly string[]): string | undefined =>
  DATA_PORTS.get(port) ?? programs.find((name) => DATA_PROGRAMS.test(name));
