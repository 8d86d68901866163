import { Socket } from "node:net";

const counters = new Set<Set<Socket>>();
let putBack: () => void = () => {};

/**
 * How many bytes have arrived on one connection, of those this process opens from now until `stop`: on the one with most, as a
 * driver may try again and again. TCP, TLS and sockets of files; what programs write that it starts is not seen. Connectors
 * are tried side by side: each counter sees all of them.
 */
export function takenFromNow(): { most(): number; stop(): void } {
  const opened = new Set<Socket>();
  if (counters.size === 0) putBack = watch();
  counters.add(opened);
  return {
    most: () => Math.max(0, ...[...opened].map(({ bytesRead }) => bytesRead)),
    stop: () => {
      counters.delete(opened);
      if (counters.size === 0) putBack();
    },
  };
}

function watch(): () => void {
  const { connect } = Socket.prototype;
  Socket.prototype.connect = function (this: Socket, ...to: unknown[]) {
    for (const opened of counters) opened.add(this);
    return connect.apply(this, to as Parameters<typeof connect>);
  };
  return () => {
    Socket.prototype.connect = connect;
  };
}
