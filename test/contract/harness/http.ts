import { http } from "../../../src/sdk/index.ts";
import { declaredIn } from "../../helpers/declared.ts";
import { webServer } from "../../helpers/web-server.ts";
import type { Harness } from "../harness.ts";
import { endless, mute, nowhere } from "../servers.ts";

const KEY = "quite-secret-77";
const PASSWORD = "secret-in-url-99";

const COMMANDS = {
  "log-level": { title: "Level of the log", path: "/log-level", columns: { level: "level" } },
  "set-log-level": {
    title: "Set the level of the log",
    effect: "write",
    risk: "low",
    method: "PUT",
    path: "/log-level/{level}",
    params: { level: { type: "enum", values: ["debug", "info"] } },
    probe: { ask: "log-level", when: { level: { equals: "{level}" } } },
    undo: { command: "set-log-level", params: { level: "{before.level}" } },
  },
};

/** A real HTTP server that repeats what it was sent, as some do. */
export const harness: Harness = {
  start: async () => {
    let part = "database";
    let level = "info";
    const server = await webServer((request, answer) => {
      if (request.method === "PUT") level = request.url?.split("/").at(-1) ?? "";
      if (request.url?.startsWith("/log-level")) {
        answer.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify({ level }));
        return;
      }
      const body = { status: "degraded", checks: { [part]: "down" }, request: request.headers };
      answer.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(body));
    });
    const silent = await mute();
    const flooding = await endless("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n");
    const free = await nowhere();
    const at = (port = server.port) => ({
      url: `http://bot:${PASSWORD}@127.0.0.1:${port}`,
      headers: { "x-api-key": KEY },
      commands: COMMANDS,
    });
    return {
      settings: at(),
      read: http.health(),
      secrets: [KEY, PASSWORD, Buffer.from(`bot:${PASSWORD}`).toString("base64")],
      failures: { unreachable: { settings: at(free), code: "target_unreachable" } },
      hang: { settings: at(silent.port), begun: silent.connected },
      flood: (_open, _context, run) => run(http.health(), at(flooding.port)),
      foreign: (name, run) => {
        part = name;
        return run(http.health());
      },
      writes: {
        "http.run": {
          prepare: async () => {
            level = "info";
            const declared = declaredIn(http.kind, at(), "set-log-level");
            return http.run({ command: "set-log-level", params: { level: "debug" }, declared });
          },
          // Somebody else was quicker.
          spoil: async () => {
            level = "debug";
          },
        },
      },
      stop: () => Promise.all([server, silent, flooding].map((one) => one.close())),
    };
  },
};
