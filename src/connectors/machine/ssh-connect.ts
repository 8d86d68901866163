import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import type { Client, ConnectConfig } from "ssh2";
import { DiagError } from "../../core/words/errors.ts";
import { algorithmsFor, holds, type KnownHost, knownKeys } from "./known-hosts.ts";
import type { MachineSettings } from "./settings.ts";

/** Dialled, and not logged in within `connectSeconds`: `detail` of the error. Trouble reads it. */
export const NO_HANDSHAKE = "ssh-handshake";

/** user, host and port of `user@host[:port]`; an IPv6 address stands in brackets when a port follows. */
export function parseAddress(ssh: string): { username: string; host: string; port: number } {
  const at = ssh.indexOf("@");
  const place = /^(?:\[(?<six>[0-9a-f:]+)\]|(?<name>[^:[\]]+))(?::(?<port>\d{1,5}))?$/i.exec(
    ssh.slice(at + 1),
  );
  const host = place?.groups?.six ?? place?.groups?.name;
  if (at < 1 || host === undefined)
    throw new DiagError("bad_config", `ssh: ${ssh} is not user@host or user@host:port`);
  return { username: ssh.slice(0, at), host, port: Number(place?.groups?.port ?? 22) };
}

/** A ready SSH connection whose host key is one of known_hosts. Never asks, never trusts at first use. */
export async function connect(connection: MachineSettings): Promise<Client> {
  const { username, host, port } = parseAddress(connection.ssh ?? "");
  const known = readKnown(connection, host, port);
  const label = `${username}@${host}`;
  // Most processes never need it.
  const { default: ssh2 } = await import("ssh2");
  const client = new ssh2.Client();
  let keyProblem: string | undefined;
  const config: ConnectConfig = {
    host,
    port,
    username,
    readyTimeout: connection.connectSeconds * 1000,
    keepaliveInterval: 10_000,
    keepaliveCountMax: 2,
    algorithms: { serverHostKey: algorithmsFor(known.accepted) as never },
    hostVerifier: (key: Buffer) => {
      keyProblem = holds(known.revoked, key)
        ? "its host key is revoked in known_hosts"
        : holds(known.accepted, key)
          ? undefined
          : "its host key is not the one in known_hosts: it was reinstalled, or someone is in between";
      return keyProblem === undefined;
    },
    ...credentials(connection, label),
  };
  return new Promise((resolve, reject) => {
    client.once("ready", () => {
      // From here on errors end the connection; the next command opens a new one.
      client.removeAllListeners("error").on("error", () => client.end());
      resolve(client);
    });
    client.on("error", (error: Error & { level?: string; code?: string }) => {
      client.end();
      reject(explain(error, label, keyProblem));
    });
    try {
      client.connect(config);
    } catch (thrown) {
      // A key file that is no key, or has a passphrase, is refused before anything is dialled.
      reject(explain(thrown as Error, label, undefined));
    }
  });
}

function readKnown(connection: MachineSettings, host: string, port: number): KnownHost {
  const path = connection.knownHosts ?? join(homedir(), ".ssh", "known_hosts");
  const hint = `Run: ssh-keyscan -p ${port} ${host} >> ${path} (and compare the fingerprint with the machine's own).`;
  let file: string;
  try {
    file = readFileSync(path, "utf8");
  } catch (cause) {
    throw new DiagError("target_auth", `known hosts file ${path} cannot be read`, { hint, cause });
  }
  const known = knownKeys(file, host, port);
  if (known.accepted.length === 0)
    throw new DiagError("target_auth", `no host key of ${host} port ${port} in ${path}`, { hint });
  return known;
}

function credentials(connection: MachineSettings, label: string): Partial<ConnectConfig> {
  if (connection.identity === undefined && connection.agent !== undefined) return { agent: connection.agent };
  const paths =
    connection.identity === undefined
      ? ["id_ed25519", "id_ecdsa", "id_rsa"].map((name) => join(homedir(), ".ssh", name))
      : [connection.identity];
  for (const path of paths) {
    try {
      return { privateKey: readFileSync(path) };
    } catch (cause) {
      if (connection.identity !== undefined)
        throw new DiagError("target_auth", `identity file ${path} cannot be read`, { cause });
    }
  }
  throw new DiagError("target_auth", `no key to log in to ${label} with`, {
    hint: "Set `identity:` to a private key file, or `agent:` to the socket of an ssh agent.",
  });
}

function explain(
  error: Error & { level?: string; code?: string },
  label: string,
  keyProblem: string | undefined,
): DiagError {
  const message = `${label}: ${keyProblem ?? error.message}`;
  if (keyProblem !== undefined) return new DiagError("target_auth", message, { detail: "host-key" });
  if (error.level === "client-authentication" || /parse.{0,200}?privateKey|passphrase/i.test(error.message))
    return new DiagError("target_auth", message, { cause: error });
  if (error.level === "client-timeout")
    return new DiagError("timeout", message, { detail: NO_HANDSHAKE, cause: error });
  const detail = error.code === undefined ? {} : { detail: error.code };
  const code = error.level === "client-socket" ? "target_unreachable" : "target_error";
  return new DiagError(code, message, { ...detail, cause: error });
}
