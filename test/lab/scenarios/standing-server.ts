import type { RequestListener } from "node:http";
import { webServer } from "../../helpers/web-server.ts";
import type { Keep } from "../words.ts";

/** An HTTP server whose answer may change while it stands. */
export interface StandingServer {
  readonly port: number;
  readonly url: string;
  answer: RequestListener;
}

/** Answers `{}` until told otherwise. */
export async function standingServer(keep: Keep): Promise<StandingServer> {
  const well: RequestListener = (_request, response) =>
    response.writeHead(200, { "content-type": "application/json" }).end("{}");
  const server = await webServer((request, response) => made.answer(request, response));
  keep(server.close);
  const made: StandingServer = {
    port: server.port,
    url: `http://127.0.0.1:${server.port}`,
    answer: well,
  };
  return made;
}

/** Answers so from now on, and as before when the situation is over. */
export function answerWith(server: StandingServer, answer: RequestListener, keep: Keep): void {
  const before = server.answer;
  keep(() => {
    server.answer = before;
  });
  server.answer = answer;
}
