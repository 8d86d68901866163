import { mongodb } from "../../../src/sdk/index.ts";
import { type EmulatedMongo, emulatedMongo } from "../../helpers/mongo/server.ts";
import { emptyCollection } from "../../helpers/mongo/state.ts";
import { type Bench, openBench } from "../../helpers/run-runbook.ts";

export interface MongoBench {
  readonly server: EmulatedMongo;
  readonly bench: Bench;
  close(): Promise<void>;
}

/** An emulated server and a bench whose connection to it may create indexes on shop.orders. */
export async function openMongoBench(): Promise<MongoBench> {
  const { connector } = mongodb.kind;
  if (connector === undefined) throw new Error("no connector");
  const server = await emulatedMongo();
  const bench = openBench({
    connections: {
      documents: {
        kind: "mongodb",
        url: `mongodb://127.0.0.1:${server.port}/`,
        indexes: { collections: ["shop.orders"] },
      },
    },
    connectors: [connector],
  });
  return {
    server,
    bench,
    close: async () => {
      await bench.close();
      await server.close();
    },
  };
}

/** `shop.orders` with so many documents. */
export function orders({ state }: EmulatedMongo, documents: number): void {
  state.collections.set("shop.orders", emptyCollection(documents * 400, documents));
}
