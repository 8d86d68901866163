import { mongodb } from "../../../src/sdk/index.ts";
import { idle, operation } from "../../helpers/mongo/rows.ts";
import { emulatedMongo } from "../../helpers/mongo/server.ts";
import { emptyCollection } from "../../helpers/mongo/state.ts";
import type { Harness } from "../harness.ts";
import { endless, mute, nowhere } from "../servers.ts";

const PASSWORD = "right-secret-61";
const WRONG = "wrong-secret-62";

/** An emulated MongoDB behind its real driver. */
export const harness: Harness = {
  start: async () => {
    const server = await emulatedMongo();
    const { state } = server;
    state.passwords = { diagbot: PASSWORD };
    const silent = await mute();
    // 2 GB, as the first four bytes of a message say its length.
    const flooding = await endless("xxxx");
    const free = await nowhere();
    const at = (port = server.port, password = PASSWORD) => ({
      url: `mongodb://diagbot:${password}@127.0.0.1:${port}/?authSource=admin`,
      indexes: { collections: ["shop.orders"] },
    });
    const wanted = {
      namespace: "shop.orders",
      keys: [["status", 1] as [string, 1], ["at", -1] as [string, -1]],
    };
    return {
      settings: at(),
      read: mongodb.health(),
      secrets: [PASSWORD, WRONG],
      failures: {
        unreachable: { settings: at(free), code: "target_unreachable" },
        denied: { settings: at(server.port, WRONG), code: "target_auth" },
      },
      hang: { settings: at(silent.port), begun: silent.connected },
      flood: (_open, _context, run) => run(mongodb.health(), at(flooding.port)),
      foreign: (name, run) => {
        state.operations = [idle({ appName: name })];
        return run(mongodb.clients());
      },
      writes: {
        "mongodb.kill-operation": {
          prepare: async () => {
            state.operations = [operation({ secs_running: 90 })];
            const [one] = state.operations;
            const startedAt = new Date(Date.parse(one?.currentOpTime) - 90_000).toISOString();
            return mongodb.killOperation({ opid: one?.opid, client: one?.client, startedAt });
          },
          // Its number is another's now.
          spoil: async () => {
            state.operations = state.operations.map((one) => ({ ...one, client: "10.0.0.8:4711" }));
          },
        },
        "mongodb.set-profiler": {
          prepare: async () => {
            state.profilers.clear();
            return mongodb.setProfiler({
              database: "shop",
              from: { level: 0, slowMs: 100, sampleRate: 1 },
              to: { level: 1, slowMs: 50, sampleRate: 1 },
            });
          },
          spoil: async () => state.profilers.set("shop", { level: 2, slowms: 10, sampleRate: 1 }),
        },
        "mongodb.create-index": {
          prepare: async () => {
            state.disk = { total: 1e12, used: 1e11 };
            state.collections = new Map([["shop.orders", emptyCollection(50_000_000, 250_000)]]);
            return mongodb.createIndex(wanted);
          },
          spoil: async () => {
            state.disk = { ...state.disk, used: state.disk.total - 1 };
          },
        },
        "mongodb.drop-index": {
          prepare: async () => {
            state.disk = { total: 1e12, used: 1e11 };
            const orders = emptyCollection(50_000_000, 250_000);
            orders.indexes.push({ v: 2, key: { status: 1, at: -1 }, name: "diagbot_status_1_at_-1" });
            state.collections = new Map([["shop.orders", orders]]);
            return mongodb.dropIndex(wanted);
          },
          spoil: async () => state.collections.set("shop.orders", emptyCollection()),
        },
      },
      stop: () => Promise.all([server, silent, flooding].map((one) => one.close())),
    };
  },
};
