import { type TestServer, webServer } from "./web-server.ts";

/** One stream: its labels, and lines by unix seconds. */
export interface Stream {
  readonly labels: Readonly<Record<string, string>>;
  readonly lines: readonly (readonly [seconds: number, line: string])[];
}

export interface EmulatedLoki extends TestServer {
  streams: Stream[];
  /** The questions it was asked. */
  readonly asked: URL[];
}

/**
 * An emulated Loki: none can be had where the tests run. It answers `series` and `query_range` in the shapes of its HTTP API, keeps
 * to start, end and limit (newest first), and demands the tenant; of LogQL it knows equality of labels only.
 */
export async function emulatedLoki(tenant: string): Promise<EmulatedLoki> {
  const state = { streams: [] as Stream[], asked: [] as URL[] };
  const server = await webServer((request, answer) => {
    const url = new URL(request.url ?? "/", "http://loki");
    state.asked.push(url);
    if (request.headers["x-scope-orgid"] !== tenant) {
      answer.writeHead(401, { "content-type": "text/plain" }).end("no org id\n");
      return;
    }
    const matcher = url.searchParams.get("query") ?? url.searchParams.get("match[]") ?? "";
    const wanted = [...matcher.matchAll(/(\w+)="([^"]*)"/g)].map(([, name = "", value = ""]) => [
      name,
      value,
    ]);
    const mine = state.streams.filter(({ labels }) =>
      wanted.every(([name = "", value]) => labels[name] === value),
    );
    const data = url.pathname.endsWith("/series")
      ? mine.filter((one) => rangeOf([one], url.searchParams).result.length > 0).map(({ labels }) => labels)
      : rangeOf(mine, url.searchParams);
    answer
      .writeHead(200, { "content-type": "application/json" })
      .end(JSON.stringify({ status: "success", data }));
  });
  return Object.assign(state, server);
}

function rangeOf(streams: readonly Stream[], params: URLSearchParams) {
  const [start, end, limit] = ["start", "end", "limit"].map((name) => Number(params.get(name)));
  const all = streams
    .flatMap(({ labels, lines }) => lines.map(([at, line]) => ({ labels, at, line })))
    .filter(({ at }) => at * 1e9 >= (start ?? 0) && at * 1e9 < (end ?? 0))
    .sort((a, b) => b.at - a.at)
    .slice(0, limit);
  return {
    resultType: "streams",
    result: all.map(({ labels, at, line }) => ({
      stream: labels,
      values: [[`${Math.round(at * 1000)}000000`, line]],
    })),
  };
}
