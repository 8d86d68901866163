import { connect } from "node:net";
import type { Rule } from "./fault.ts";

/** A TCP connection to the address of a URL: `127.0.0.1:5432 refuses connections`, or undefined when it is taken. */
function refusal(url: string): Promise<string | undefined> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname);
    socket.once("connect", () => {
      socket.destroy();
      resolve(undefined);
    });
    socket.once("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "ECONNREFUSED") resolve(`${hostname}:${port} refuses connections`);
      else reject(error);
    });
  });
}

/** A rule that fires while nobody listens at an address of the shop. */
export const down = (
  rule: Pick<Rule, "alertname" | "labels" | "summary" | "needsRedis">,
  url: (shop: Parameters<Rule["firing"]>[0]) => string,
): Rule => ({ ...rule, severity: "critical", firing: (shop) => refusal(url(shop)) });
