import { configFile } from "../bot/config-file.ts";
import { CACHE_SETTINGS } from "../faults/cache.ts";
import { live } from "../faults/fault.ts";
import { faultsFor } from "../faults/index.ts";
import { SHOP_CHANNEL } from "../people.ts";
import { startCluster } from "../services/postgres.ts";
import { startRedis } from "../services/redis.ts";
import { createSupervisor } from "../services/supervisor.ts";
import { freePorts } from "../tryout/ports.ts";
import type { Sample, SampleNeeds } from "../tryout/sample.ts";
import { startCustomers } from "./customers.ts";
import { buildShopDatabase, ROLES } from "./schema.ts";
import { type Shop, startShop } from "./shop.ts";

/** Small enough that a leak fills it within a second; 5 slots are kept for diagbot (3) and superusers (2). */
const SETTINGS = {
  max_connections: 35,
  superuser_reserved_connections: 2,
  reserved_connections: 3,
  shared_preload_libraries: "pg_stat_statements",
  log_lock_waits: "on",
};

export interface SampleSystem {
  readonly shop: Shop;
  /** Addresses for diagbot.yaml: diagbot's own role, not the application's. */
  readonly botDatabaseUrl: string;
}

/** The sample system "shop" with everything it needs: database, cache (where redis-server is there), API, worker, customers. */
export async function startSampleSystem(needs: SampleNeeds): Promise<SampleSystem> {
  const { folder, cleanups, secrets, binaries, redisCommand } = needs;
  const [databasePort = 0, cachePort = 0, apiPort = 0] = await freePorts(3);
  const cluster = await startCluster(
    { name: "postgres-shop", port: databasePort, settings: SETTINGS, superuserPassword: secrets.superuser },
    binaries,
    folder,
  );
  cleanups.add("the shop's Postgres", cluster.stop);
  await buildShopDatabase(cluster.adminUrl, cluster.url(ROLES.app, secrets.app, "shop"), secrets);
  needs.ready("the shop's Postgres");
  const redis =
    redisCommand === undefined
      ? undefined
      : await startRedis(
          { name: "redis-shop", command: redisCommand, port: cachePort, settings: CACHE_SETTINGS },
          folder,
        );
  if (redis !== undefined) {
    cleanups.add("the shop's Redis", redis.stop);
    needs.ready("the shop's Redis");
  }
  const supervisor = createSupervisor(folder);
  cleanups.add("the shop's processes", supervisor.stop);
  const shop = await startShop({ cluster, redis, supervisor, passwords: secrets, port: apiPort, folder });
  cleanups.add("the shop's sessions", shop.stop);
  const customers = startCustomers(shop.apiUrl);
  cleanups.add("the shop's customers", customers.stop);
  needs.ready("the shop (API, worker, customers)");
  return { shop, botDatabaseUrl: cluster.url(ROLES.bot, secrets.bot, "shop") };
}

/** The shop as the try-out shows it. */
export async function startShopSample(needs: SampleNeeds): Promise<Sample> {
  const { shop, botDatabaseUrl } = await startSampleSystem(needs);
  const faults = faultsFor({ redis: shop.redisUrl !== undefined, linux: process.platform === "linux" });
  return {
    id: "shop",
    title: "Shop",
    channel: { id: SHOP_CHANNEL, name: "shop", topic: "Alerts and runs of the shop" },
    faults: live(faults, shop),
    writes: [],
    metrics: { url: shop.apiUrl },
    config: (prometheusUrl) => configFile(shop, prometheusUrl),
    env: { SHOP_DATABASE_URL: botDatabaseUrl, SHOP_REDIS_URL: shop.redisUrl },
  };
}
