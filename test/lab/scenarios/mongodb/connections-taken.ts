import { idle, operation } from "../../../helpers/mongo/rows.ts";
import { scenario } from "../../words.ts";
import { mongoFor } from "./server.ts";

const many = (n: number, make: typeof idle) =>
  Array.from({ length: n }, (_one, at) => make({ connectionId: at, client: `10.0.0.7:${40_000 + at}` }));

export const mongoConnectionsTaken = scenario({
  id: "mongodb/connections-taken",
  items: ["ai-saas.mongo-pool-exhausted"],
  needs: ["mongodb"],
  situation:
    "nearly all connections of the server are taken, most of them by pools that do nothing with them",
  twin: "a large idle pool on a server with room",
  alert: { name: "MongodbTooManyConnections", severity: "warning", summary: "Connections run out" },
  expect: { first: "server-limit", remedy: "endIdle" },
  place: async (_parts, keep) => {
    const { server, connection } = await mongoFor(keep);
    return {
      connections: { documents: connection },
      break: async (undo) => {
        undo(() => server.reset());
        server.state.status = { connections: { current: 190, available: 10, active: 4 } };
        server.state.operations = [...many(150, idle), ...many(4, operation)];
      },
      twin: async (undo) => {
        undo(() => server.reset());
        server.state.operations = many(120, idle);
      },
    };
  },
});
