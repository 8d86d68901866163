import { app } from "./app.ts";
import { chat } from "./chat.ts";
import { conversations } from "./conversations.ts";
import { files } from "./files.ts";
import type { Method } from "./method.ts";
import { people } from "./people.ts";
import { reactions } from "./reactions.ts";
import { views } from "./views.ts";

/** Every Web API method there is; any other name is answered with `unknown_method`. */
export const methods: ReadonlyMap<string, Method> = new Map(
  [...app, ...chat, ...conversations, ...files, ...people, ...reactions, ...views].map((each) => [
    each.name,
    each,
  ]),
);
