import { type EmulatedMongo, emulatedMongo } from "../../../helpers/mongo/server.ts";
import type { Keep } from "../../words.ts";

/** An emulated server and the connection to it, which may create indexes on shop.orders. */
export async function mongoFor(keep: Keep): Promise<{ server: EmulatedMongo; connection: object }> {
  const server = await emulatedMongo();
  keep(server.close);
  return {
    server,
    connection: {
      kind: "mongodb",
      url: `mongodb://127.0.0.1:${server.port}/`,
      indexes: { collections: ["shop.orders"] },
    },
  };
}
