import type { IncomingMessage, ServerResponse } from "node:http";
import type { Backstage } from "../backstage.ts";
import { APP } from "../state/identity.ts";
import type { LocalMessage, LocalView } from "../types.ts";
import { wireFile } from "../wire.ts";

// Several changes within this time reach the page as one.
const GATHER_MS = 25;

const forPage = (message: LocalMessage) => ({ ...message, files: message.files?.map(wireFile) });

const viewsOf = ({ workspace }: Backstage, pick: (user: string) => LocalView | undefined) => {
  const people = workspace.directory.people();
  return Object.fromEntries(
    people.flatMap(({ id }) => [pick(id)].filter((view) => view !== undefined).map((view) => [id, view])),
  );
};

/** What the page must know that is not a message; small enough to be sent whole each time. */
const frame = (backstage: Backstage) => {
  const { workspace, settings, sockets, delivery } = backstage;
  return {
    workspace: settings.workspaceName,
    app: { id: APP.userId, name: APP.name },
    people: workspace.directory.people().map((person) => workspace.directory.profile(person)),
    channels: workspace.directory.channels().map((channel) => ({
      ...workspace.directory.conversation(channel),
      members: workspace.directory.members(channel),
    })),
    usergroups: workspace.directory.usergroups,
    modals: viewsOf(backstage, (user) => workspace.views.top(user)),
    depths: Object.fromEntries(workspace.directory.people().map(({ id }) => [id, workspace.views.depth(id)])),
    homes: viewsOf(backstage, (user) => workspace.views.home(user)),
    commands: settings.commands,
    connected: sockets.connected > 0 || delivery.reachable,
    panel: backstage.panel.shown,
  };
};

/** Server-sent events for one page: what changed since the last one, messages by difference. Ends with the request. */
export function stream(backstage: Backstage, request: IncomingMessage, response: ServerResponse): void {
  const { changes, messages } = backstage.workspace;
  response.writeHead(200, {
    "content-type": "text/event-stream",
    "cache-control": "no-store",
    connection: "keep-alive",
  });
  let seen = -1;
  let timer: NodeJS.Timeout | undefined;
  const send = () => {
    timer = undefined;
    const difference = messages.since(seen);
    seen = changes.revision;
    const data = {
      ...frame(backstage),
      messages: difference.messages.map(forPage),
      removed: difference.removed,
    };
    response.write(`data: ${JSON.stringify(data)}\n\n`);
  };
  const soon = () => {
    timer ??= setTimeout(send, GATHER_MS);
  };
  const silence = changes.listen(soon);
  request.on("close", () => {
    silence();
    clearTimeout(timer);
  });
  send();
}
