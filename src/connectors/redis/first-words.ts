import { connect as connectTcp, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";

/** Characters; a longer line is no greeting. */
const MOST_WORDS = 4_096;

/**
 * What the server says by itself, or to a bare PING, before it hangs up, e.g. `-ERR max number of clients reached`; empty where it says
 * nothing in time. A full or protected server answers so quickly that a driver often sees the closed connection only.
 */
export const firstWords = (url: string, ms: number): Promise<string> =>
  new Promise((resolve) => {
    const socket = open(url);
    let heard = "";
    const end = () => {
      clearTimeout(over);
      socket.destroy();
      resolve(heard.split("\r\n")[0]?.slice(0, 300) ?? "");
    };
    // A clock of our own: the socket's starts again with every byte.
    const over = setTimeout(end, ms);
    socket.on("error", end);
    socket.on("close", end);
    socket.on("data", (chunk) => {
      heard += chunk.toString("latin1").slice(0, MOST_WORDS);
      if (heard.includes("\r\n") || heard.length >= MOST_WORDS) end();
    });
    // A full or protected server speaks first; written to, it might reset the connection before it is heard.
    const ask = setTimeout(() => socket.write("PING\r\n"), 100);
    socket.on("close", () => clearTimeout(ask));
  });

/**
 * Whether a server that keeps its clients waiting was told to: CLIENT PAUSE, and failovers, hold commands back, but since 6.2 what
 * cannot be a command (GET without a key) is answered all the same. One that is busy, stopped or swapped out answers neither.
 * HELLO is held back even where nobody has logged in yet.
 */
export const isPaused = async (url: string, ms: number): Promise<boolean> => {
  const [first = "", ...rest] = (await heardAfter(url, "GET\r\nHELLO\r\n", ms)).split("\r\n");
  return /^-ERR wrong number of arguments/i.test(first) && rest.join("") === "";
};

/** All that is heard within the time once these lines are written; ends before where more than one line came. */
const heardAfter = (url: string, lines: string, ms: number): Promise<string> =>
  new Promise((resolve) => {
    const socket = open(url);
    let heard = "";
    const end = () => {
      clearTimeout(over);
      socket.destroy();
      resolve(heard.slice(0, MOST_WORDS));
    };
    const over = setTimeout(end, ms);
    socket.on("error", end);
    socket.on("close", end);
    socket.on("data", (chunk) => {
      heard += chunk.toString("latin1").slice(0, MOST_WORDS);
      if (heard.split("\r\n").length > 2 || heard.length >= MOST_WORDS) end();
    });
    socket.write(lines);
  });

/** A socket to the URL's port, in TLS where the URL says so. */
function open(url: string): Socket {
  const { hostname, port, protocol } = new URL(url);
  const options = { host: hostname.replace(/^\[|\]$/g, ""), port: Number(port || 6379) };
  return protocol === "rediss:" ? connectTls({ ...options, servername: options.host }) : connectTcp(options);
}

/** Does the port complete a TLS handshake, or at least take a TCP connection? Nothing is sent beyond the handshake. */
export const speaks = (url: string, protocol: "tls" | "tcp", ms: number): Promise<boolean> =>
  new Promise((resolve) => {
    const { hostname, port } = new URL(url);
    const host = hostname.replace(/^\[|\]$/g, "");
    const options = { host, port: Number(port || 6379) };
    const socket =
      // Whose certificate it is does not matter: the question is whether there is one.
      protocol === "tls" ? connectTls({ ...options, rejectUnauthorized: false }) : connectTcp(options);
    const end = (does: boolean) => {
      socket.destroy();
      resolve(does);
    };
    socket.setTimeout(ms, () => end(false));
    socket.on("error", () => end(false));
    socket.on("close", () => end(false));
    socket.on(protocol === "tls" ? "secureConnect" : "connect", () => end(true));
  });
