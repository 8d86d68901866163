// What tries a connector against its contract: of diagbot's own a harness, of a pack's a test.

/** What both give the contract, of a service they have started. */
const GIVEN = `    const at = (port: number, token = TOKEN) => ({
      url: \`http://127.0.0.1:\${port}\`,
      headers: { authorization: \`Bearer \${token}\` },
    });
    return {
      settings: at(server.port),
      read: __kind__.state(),
      secrets: [TOKEN],
      failures: {
        unreachable: { settings: at(free), code: "target_unreachable" },
        denied: { settings: at(server.port, "other-secret-78"), code: "target_auth" },
      },
      hang: { settings: at(silent.port), begun: silent.connected },
      flood: (_open, _context, run) => run(__kind__.state(), at(flooding.port)),
      foreign: (given, run) => {
        name = given;
        return run(__kind__.state());
      },
      writes: {
        "__kind__.set-workers": {
          prepare: async () => {
            workers = 2;
            return __kind__.setWorkers({ workers: 4, from: 2 });
          },
          // Somebody else was quicker.
          spoil: async () => {
            workers = 3;
          },
        },
      },
      stop: () => Promise.all([server, silent, flooding].map((one) => one.close())),
    };
  },
};
`;

/** How the emulated service answers both. */
const ANSWER = `      const { authorization, "if-match": from } = request.headers;
      const [, to] = /^\\/workers\\/(\\d+)$/.exec(request.url ?? "") ?? [];
      const isDenied = authorization !== \`Bearer \${TOKEN}\`;
      const isMoved = to !== undefined && from !== String(workers);
      if (!isDenied && !isMoved && to !== undefined) workers = Number(to);
      answer
        .writeHead(isDenied ? 401 : isMoved ? 412 : 200)
        .end(JSON.stringify({ name, waiting: 0, workers }));
`;

/** `test/contract/harness/<kind>.ts` of a checkout. */
export const HARNESS = `import * as __kind__ from "../../../src/connectors/__kind__/index.ts";
import { webServer } from "../../helpers/web-server.ts";
import type { Harness } from "../harness.ts";
import { endless, mute, nowhere } from "../servers.ts";

const TOKEN = "quite-secret-77";

/** Emulated: put a real one in its place as soon as there is one. */
export const harness: Harness = {
  start: async () => {
    let name = "jobs";
    let workers = 2;
    const server = await webServer((request, answer) => {
${ANSWER}    });
    const silent = await mute();
    const flooding = await endless("HTTP/1.1 200 OK\\r\\ncontent-type: application/json\\r\\n\\r\\n");
    const free = await nowhere();
${GIVEN}`;

/** `test/<kind>.test.ts` beside a pack, for `node --test`. */
export const PACK_TEST = `import { createServer } from "node:http";
import { after, test } from "node:test";
import { contractOf, endless, type Harness, listening, mute } from "diagbot/testing";
import * as __kind__ from "../runbooks/__kind__/index.ts";

const TOKEN = "quite-secret-77";

/** Emulated: put a real one in its place as soon as there is one. */
const harness: Harness = {
  start: async () => {
    let name = "jobs";
    let workers = 2;
    const service = createServer((request, answer) => {
${ANSWER}    });
    const server = await listening(service);
    const silent = await mute();
    const flooding = await endless("HTTP/1.1 200 OK\\r\\ncontent-type: application/json\\r\\n\\r\\n");
    // Nothing listens there.
    const free = 1;
${GIVEN}
// One after the other, as node:test does it: they share the target.
const contract = contractOf(__kind__.kind, harness);
for (const { title, run } of contract.cases) test(title, run);
after(contract.stop);
`;
