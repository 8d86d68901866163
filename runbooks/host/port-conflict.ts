import { host, runbookOn, shellWord, z } from "../../src/sdk/index.ts";
import { meant, portFindings } from "./port-findings.ts";
import { isFree, moveFinding, sayDependants } from "./port-move.ts";
import { isEndable, isOf, type Owner, ownersOf } from "./port-owners.ts";

/** A port somebody wants and somebody else has. */
const book = runbookOn(
  "host",
  {
    id: "port-conflict",
    title: "A port that is taken",
    covers: [
      "tektra.startup-port-conflict",
      "sergas-accounts.port-in-use",
      "resync.prometheus-exporter",
      "tektra.wont-start",
      "sergas-accounts.wont-start",
      "sergas-accounts.lb-health-check",
      "resync.container-failure",
    ],
    alerts: ["PortConflict", "PortAlreadyInUse", "AddressAlreadyInUse"],
    params: z.object({
      port: z
        .int()
        .min(1)
        .max(65_535)
        .optional()
        .describe("the port; empty: the one that a program could not have last, by the machine's journal"),
      protocol: z
        .enum(["tcp", "udp"])
        .optional()
        .describe("tcp or udp; empty: as the program says that could not have it, else tcp"),
      to: z
        .int()
        .min(1)
        .max(65_535)
        .optional()
        .describe("whether the service could have this port instead, and who knows the old one"),
      service: z
        .string()
        .regex(/^[\w@.:\\-]{1,100}$/)
        .optional()
        .describe("who should have it: unit, program or id of a container"),
      minutes: z
        .int()
        .min(1)
        .max(1_440)
        .default(60)
        .describe("read so many minutes of the machine's journal"),
    }),
    fromAlert: ({ port }) => (port === undefined ? {} : { port: Number(port) }),
  },
  ({ params }) => ({ failures: host.bindFailures({ minutes: params.minutes }) }),
).andThen.all(({ failures }, { params }) => {
  const last = failures?.ok ? failures.value.failures.findLast(({ port }) => port !== null) : undefined;
  const port = params.port ?? last?.port ?? undefined;
  const said = failures?.ok ? failures.value.failures.findLast((one) => one.port === port) : undefined;
  const protocol = params.protocol ?? said?.protocol ?? "tcp";
  return {
    ...(port === undefined ? {} : { holders: host.portHolders({ port, protocol }) }),
    ...(params.to === undefined ? {} : { wanted: host.portHolders({ port: params.to, protocol }) }),
  };
});

type Params = { readonly service?: string | undefined; readonly protocol?: "tcp" | "udp" | undefined };

/** Of the holders the first that is not who should have it. */
function strangerIn(
  holders: host.PortHolders,
  failures: readonly host.BindFailure[],
  params: Params,
  now: Date,
): Owner | undefined {
  const service = meant({ ...asked(holders, failures, params), now });
  return ownersOf(holders).find((owner) => service === undefined || !isOf(owner, service));
}

const asked = ({ port }: host.PortHolders, failures: readonly host.BindFailure[], { service }: Params) => ({
  service,
  failure: failures.findLast((one) => one.port === port),
});

/** What stops it for good: never a signal to what is started again. */
function stopBy(owner: Owner, port: number): string {
  const { manager, socketUnit, proxy, process } = owner;
  if (socketUnit !== null)
    return `If it is not wanted: \`systemctl disable --now ${shellWord(socketUnit.unit)}\`. If it is, its service has to take the socket systemd hands over (sd_listen_fds) instead of opening its own.`;
  const container =
    proxy === null
      ? manager?.kind === "container"
        ? manager.name
        : ""
      : proxy.container.replace("container ", "");
  if (proxy !== null || manager?.kind === "container")
    return container === ""
      ? `Find the container: \`docker ps --filter publish=${shellWord(String(port))}\`. Then stop it, or publish another port (\`ports:\` of its compose file, \`up -d\`).`
      : `See whether it is needed: \`docker ps --filter id=${shellWord(container)}\`. If not: \`docker stop ${shellWord(container)}\`; otherwise publish another port (\`ports:\` of its compose file, then \`up -d\` of that service only).`;
  if (manager?.kind === "supervisor")
    return `Stop it by ${manager.name}, which would start it again: \`supervisorctl stop NAME\`, \`pm2 stop NAME\`, \`sv down NAME\`, whichever it is, and take it out of its configuration where it is not wanted any more. Never \`kill\`, and not the unit of the supervisor: that stops all it looks after.`;
  if (manager?.kind === "unit")
    return `See what else needs it (\`systemctl list-dependencies --reverse ${shellWord(manager.name)}\`). If nothing does: \`systemctl disable --now ${shellWord(manager.name)}\`. Never \`kill\`: its unit would start it again.`;
  return process === null
    ? "As root `ss -ltnp` names the process; stop it by its unit or container where it has one."
    : `diagbot leaves pid ${process.pid} alone: ${process.protected ?? "what runs it is not known"}. Stop it with what started it, or give the service another port.`;
}

export const portConflict = book
  .remedies({
    freePort: book.does(
      host.freePort,
      ["holders", "failures?"],
      ({ holders, failures }, { params, now }) => {
        const owner = strangerIn(holders, failures?.failures ?? [], params, now);
        const process = (owner !== undefined && isEndable(owner) ? owner.process : null) ?? undefined;
        return (
          process && {
            ...{ port: holders.port, protocol: holders.protocol },
            ...{ pid: process.pid, startTicks: process.startTicks, name: process.name },
          }
        );
      },
      {
        within: "30s",
        recheck: ["holders"],
        // Gone is the process; the port is free only once nobody of its kind has taken it again.
        holds: ({ holders }, done, { params: { service } }) =>
          ownersOf(holders).every((owner) =>
            service === undefined
              ? done.every(({ input }) => owner.process?.name !== input.name)
              : isOf(owner, service),
          ),
      },
    ),
    stopHolder: book.advises(
      "Stop what holds the port, by what looks after it",
      "high",
      ({ holders, failures }, { params, now }) => {
        const owner = holders && strangerIn(holders, failures?.failures ?? [], params, now);
        if (owner === undefined || holders === undefined) return "Find it: `ss -ltnp` as root.";
        return stopBy(owner, holders.port);
      },
    ),
    movePort: book.advises(
      "Give the service another port",
      "low",
      ({ holders, wanted }, { params: { to, port }, system: { connections } }) =>
        `${to !== undefined && wanted !== undefined && isFree(to, wanted, connections) ? `Port ${to}: nothing is seen that speaks against it` : `Choose ${to === undefined ? "one" : `another than ${to},`} that is free (\`to=PORT\` looks; not one of ip_local_port_range) and that no other service is set to`}. Change it where the service reads it (unit, .env, compose \`ports:\`), then everything that knows the old one: proxy, health checks, scrape targets, firewall, clients.${sayDependants(holders?.port ?? port, connections)}${holders === undefined ? "" : ` The port is ${holders.port} now.`}`,
    ),
    namePort: book.advises("Ask again with the port it wants", "low", ({ failures }) => {
      const unit = failures?.failures.at(-1)?.unit ?? "";
      return `Its settings name it (${unit === "" ? "its unit" : `\`systemctl cat ${shellWord(unit)}\``}, its environment, \`ports:\` of a compose file). Then \`/diag <system> port-conflict port=…\` says who has it.`;
    }),
    reservePort: book.advises(
      "Keep the port back from outgoing connections",
      "low",
      ({ holders }) =>
        `\`sysctl -w net.ipv4.ip_local_reserved_ports=${shellWord(String(holders?.port ?? "PORT"))}\` (list all that are in it already: \`sysctl net.ipv4.ip_local_reserved_ports\`), and the same in /etc/sysctl.d. That does not free it now: end the connection or its process${holders?.connections[0]?.process ? ` (pid ${holders.connections[0].process.pid})` : ""}, then start the service. Better for good: a port below the range.`,
    ),
    allowPort: book.advises(
      "Let the service have the port",
      "high",
      ({ holders }) =>
        `In its unit: \`AmbientCapabilities=CAP_NET_BIND_SERVICE\` (and it in CapabilityBoundingSet=), or let a socket unit or a proxy listen on ${holders?.port ?? "it"}. Of a container: \`sysctls: net.ipv4.ip_unprivileged_port_start=0\`. Not as root only for that.`,
    ),
    fixAddress: book.advises(
      "Correct the address, or wait for it",
      "low",
      "`ip -br addr` shows what the machine has. Listen on `0.0.0.0` or `[::]` where any will do (within a container nearly always). An address that comes later: `After=network-online.target` and `Wants=network-online.target` in the unit; a floating one: `sysctl -w net.ipv4.ip_nonlocal_bind=1`.",
    ),
    oneOwner: book.advises("Leave one of them", "high", ({ holders }) => {
      const pids = holders?.listeners.flatMap(({ processes }) => processes.map(({ pid }) => pid)) ?? [];
      return `Compare their starts: \`ps -o pid,lstart,unit,args -p ${shellWord([...new Set(pids)].slice(0, 20).join(",") || "PID")}\`. Stop the older one by its unit or container; a left-over of a unit goes with \`systemctl stop UNIT\` (look at \`KillMode=\`). Where both are wanted, give each an address or port of its own.`;
    }),
    freeSocket: book.advises(
      "See who listens on the socket, or remove what was left over",
      "high",
      ({ failures }) => {
        const path = failures?.failures.at(-1)?.socket || "PATH";
        return `\`ss -xlp src ${shellWord(path)}\` (as root) names who listens on it: stop that by its unit, or give one of them another path. Nobody: the file was left over by a process that was killed; \`rm ${shellWord(path)}\`, then start the service. For good: \`RuntimeDirectory=\` in its unit, which systemd empties at each stop, or a socket unit.`;
      },
    ),
    seeStart: book.advises(
      "See why the service does not listen",
      "low",
      "The port is not in its way now. `systemctl status UNIT` or `docker ps -a` shows whether it runs; unit-failure and container-failure say why not. One that failed on a taken port is not started again once its start limit is reached: `systemctl reset-failed UNIT && systemctl start UNIT`.",
    ),
  })
  .findings((find) => [
    find(["holders", "failures?"], ({ holders, failures }, { params, now }) => {
      const all = failures?.failures ?? [];
      const owner = strangerIn(holders, all, params, now);
      return portFindings(
        holders,
        { ...asked(holders, all, params), now },
        owner !== undefined && isEndable(owner),
      );
    }),
    find(["wanted", "holders?"], ({ wanted, holders }, { params: { to, port }, system }) =>
      to === undefined ? undefined : moveFinding(to, holders?.port ?? port, wanted, system.connections),
    ),
    find.all(({ failures, holders }) => {
      if (holders !== undefined || failures?.ok !== true) return undefined;
      const last = failures.value.failures.at(-1);
      if (last !== undefined && last.socket !== "")
        return {
          id: `socket-file:${last.socket}`,
          severity: "warning",
          title: `${last.unit || last.program || "A program"} could not have its socket ${last.socket}: the file is there already`,
          because: `"${last.line}". It is no port: either another process listens on that file, or one that was killed left it behind, since nothing removes the file of a socket by itself.`,
          remedies: ["freeSocket"],
        };
      if (last !== undefined)
        return {
          id: "bind-failed",
          severity: "warning",
          title: `${last.unit || last.program || "A program"} could not have its port, and does not say which`,
          because: `"${last.line}". Name the port: \`port=…\`.`,
          remedies: ["namePort"],
        };
      return failures.value.unread === ""
        ? undefined
        : {
            id: "no-port",
            severity: "info",
            title: "No port was named, and the journal does not say which it is about",
            because: `${failures.value.unread}. Name it: \`port=…\`.`,
          };
    }),
  ]);
