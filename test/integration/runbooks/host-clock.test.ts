// The real clock of this machine against a real Postgres and a real Date header.
import { createServer } from "node:http";
import { afterAll, beforeAll, expect, it } from "vitest";
import { hostClock } from "../../../runbooks/host/host-clock.ts";
import { hostConnector } from "../../../src/connectors/host/index.ts";
import { httpConnector } from "../../../src/connectors/http/index.ts";
import { postgresConnector } from "../../../src/connectors/postgres/index.ts";
import { type LabPostgres, startLabPostgres } from "../../helpers/postgres.ts";
import { openBench } from "../../helpers/run-runbook.ts";

/** How far the service's clock is off. */
let offMs = 0;
const server = createServer((_request, response) => {
  response.sendDate = false;
  response.setHeader("date", new Date(Date.now() + offMs).toUTCString());
  response.end("ok");
});
let url = "";
let lab: LabPostgres;
beforeAll(async () => {
  lab = await startLabPostgres();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  url = `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}`;
});
afterAll(async () => {
  server.close();
  await lab?.stop();
});

const diagnose = async () => {
  const bench = openBench({
    connections: {
      machine: { kind: "host", local: true },
      api: { kind: "http", url, health: "/" },
      db: { kind: "postgres", url: lab.botUrl },
    },
    connectors: [hostConnector, httpConnector, postgresConnector],
  });
  return bench.diagnose(hostClock).finally(() => bench.close());
};

it.skipIf(process.platform !== "linux")(
  "a service whose clock agrees, to the second that a Date header shows",
  async () => {
    offMs = 0;
    const { findings } = await diagnose();
    expect(findings.map(({ id }) => id)).not.toContain("clock-skew");
  },
);

it.skipIf(process.platform !== "linux")("a service whose clock is two minutes ahead", async () => {
  offMs = 120_000;
  const { findings } = await diagnose();
  const skew = findings.find(({ id }) => id === "clock-skew");
  expect(skew?.title).toMatch(/at least (2 min|11\d s) behind the HTTP service/);
  expect(skew?.because).toContain("With the Postgres server and diagbot's own machine it may agree");
  expect(skew?.because).toContain("Either this clock is wrong or the other one");
});
