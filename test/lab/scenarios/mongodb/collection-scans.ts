import { slowLine } from "../../../helpers/mongo/rows.ts";
import { emptyCollection } from "../../../helpers/mongo/state.ts";
import { scenario } from "../../words.ts";
import { mongoFor } from "./server.ts";

const ORDERS = "shop.orders";

export const mongoCollectionScans = scenario({
  id: "mongodb/collection-scans",
  items: ["ai-saas.mongo-slow-queries"],
  needs: ["mongodb"],
  situation: "a query goes through a large collection, because no index fits it",
  twin: "the same query goes through a small collection",
  alert: { name: "MongodbSlowQueries", severity: "warning", summary: "Queries are slow" },
  expect: { first: "scans", remedy: "createIndex", apply: true },
  place: async (_parts, keep) => {
    const { server, connection } = await mongoFor(keep);
    const holds = (documents: number): void => {
      server.state.collections.set(ORDERS, emptyCollection(documents * 400, documents));
      server.state.log = Array.from({ length: 5 }, () => slowLine({ docsExamined: documents }));
    };
    return {
      connections: { documents: connection },
      break: async (undo) => {
        undo(() => server.reset());
        holds(250_000);
      },
      gone: async () => (server.state.collections.get(ORDERS)?.indexes.length ?? 0) > 1,
      twin: async (undo) => {
        undo(() => server.reset());
        holds(800);
      },
    };
  },
});
