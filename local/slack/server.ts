import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Backstage } from "./backstage.ts";
import { Delivery } from "./deliver/deliver.ts";
import { Events } from "./deliver/events.ts";
import { Sockets } from "./deliver/sockets.ts";
import { Faults } from "./faults.ts";
import { listener } from "./http/router.ts";
import { LocalSlack } from "./local-slack.ts";
import { Log } from "./log.ts";
import { type LocalSlackOptions, settle } from "./options.ts";
import { PanelBoard } from "./panel-board.ts";
import { openWorkspace } from "./state/workspace.ts";
import type { LocalCall, LocalDelivery } from "./types.ts";

function listen(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => {
      server.off("error", reject);
      resolve();
    });
  });
}

/**
 * Starts a Slack of one's own on this machine: Web API, Socket Mode, signed HTTP delivery, and the page a person uses.
 * Rejects when the port is taken. Nothing in it is kept when it stops.
 */
export async function startLocalSlack(options: LocalSlackOptions = {}): Promise<LocalSlack> {
  const settings = settle(options);
  const workspace = openWorkspace(settings);
  const touch = () => {
    workspace.changes.touch();
  };
  const sockets = new Sockets(touch);
  const deliveries = new Log<LocalDelivery>(touch);
  const delivery = new Delivery(settings, sockets, deliveries, options.requestUrl);
  const server = createServer();
  const url = () => `http://${settings.host}:${(server.address() as AddressInfo).port}`;
  const backstage: Backstage = {
    settings,
    workspace,
    faults: new Faults(),
    calls: new Log<LocalCall>(touch),
    sockets,
    delivery,
    events: new Events(settings, workspace, delivery),
    panel: new PanelBoard(settings.panel, workspace.changes),
    url,
  };
  server.on("request", listener(backstage));
  server.on("upgrade", (request, socket, head) => sockets.upgrade(request, socket, head));
  await listen(server, settings.port, settings.host);
  await backstage.panel.refresh();
  return new LocalSlack(backstage, deliveries, server, url());
}
