import { expect, test } from "vitest";
import { tcpDependency } from "../../../runbooks/network/tcp-dependency.ts";
import type { Seen } from "../../../src/core/words/outcome.ts";
import { Thresholds } from "../../../src/core/words/system.ts";
import { makeConnection } from "../../make/system.ts";

const contextOf = (host: string) => ({
  params: {},
  thresholds: Thresholds.parse({}),
  system: {
    id: "s",
    connections: [makeConnection("tws", { kind: "tcp", host, port: 1 }).face],
    contacts: [],
  },
  now: new Date(0),
});
const context = contextOf("tws.lab");
const ok = (value: unknown): Seen<unknown> => ({ ok: true, value });
const resolved = (ms = 1) => ok({ host: "tws.lab", addresses: [], ms, resolvers: [] });
const attempt = (address: string, family: 4 | 6, isOpen: boolean, ms = 1) => ({
  address,
  family,
  isOpen,
  ms,
  ...(isOpen ? {} : { code: "ECONNREFUSED" }),
});
const ids = (attempts: object[], dnsMs?: number) =>
  tcpDependency
    .findings(
      { "dns:tws": resolved(dnsMs), "tcp:tws": ok({ attempts, after: "open", greeting: "220" }) },
      context,
    )
    .map(({ id, title }) => `${id} ${title}`);

test("a service that only listens on IPv4 is no fault", () => {
  expect(ids([attempt("::1", 6, false), attempt("127.0.0.1", 4, true)])).toEqual([]);
});

test("a dead address beside a living one of the same family is", () => {
  expect(ids([attempt("10.0.0.1", 4, false), attempt("10.0.0.2", 4, true)])[0]).toMatch(
    /^partly:tws .*1 of 2/,
  );
});

test("a connection that took a second lost a packet; a slow lookup is blamed on the resolver", () => {
  expect(ids([attempt("10.0.0.1", 4, true, 1031)])[0]).toMatch(/TCP connection takes 1\.0 s/);
  expect(ids([attempt("10.0.0.1", 4, true)], 5004)[0]).toMatch(/looking up the name takes 5\.0 s/);
});

test("a host is one word of the commands to paste, whatever it holds", () => {
  const error = { code: "target_unreachable", message: "no such name", detail: "ENOTFOUND" };
  const { advice } = tcpDependency.remedies.repairPath ?? {};
  const say = (host: string) =>
    typeof advice === "function" && advice({ "tcp:tws": { ok: false, error } }, contextOf(host));
  expect(say("tws.lab")).toContain("`dig +short tws.lab`");
  expect(say("$& x;reboot")).toContain("`dig +short '$& x;reboot'`");
});
