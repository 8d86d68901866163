import { existsSync } from "node:fs";
import type { Agent } from "node:http";
import type { RequestOptions } from "node:https";
import { DiagError } from "../../../core/words/errors.ts";
import { clip } from "../../../core/words/format.ts";
import type { KubernetesSettings } from "../settings.ts";

const MOUNTED = "/var/run/secrets/kubernetes.io/serviceaccount/token";

/** Where the API server is, and what proves to it who we are: good for one request. */
export interface Way {
  readonly server: URL;
  readonly agent: Agent;
  readonly headers: Readonly<Record<string, string>>;
}

/** Reads the kubeconfig at first use. The client library is loaded no earlier: it costs 0.4 s and 75 MB. */
export interface Credentials {
  way(): Promise<Way>;
  /** The next one reads the file again: tokens are rotated. */
  forget(): void;
}

/** The part of the library's KubeConfig that is used. */
interface Config {
  getCurrentCluster(): { readonly server: string } | null;
  applyToHTTPSOptions(options: RequestOptions): Promise<void>;
}

/** Opens without I/O. */
export function credentialsOf(settings: KubernetesSettings): Credentials {
  let config: Promise<Config> | undefined;
  return {
    way: async () => {
      config ??= load(settings);
      const loading = config;
      try {
        return await wayOf(await loading);
      } catch (thrown) {
        // A file that could not be read may be there next time.
        if (config === loading) config = undefined;
        throw thrown;
      }
    },
    forget: () => {
      config = undefined;
    },
  };
}

async function load({ kubeconfig, context }: KubernetesSettings): Promise<Config> {
  if (kubeconfig === undefined && !existsSync(MOUNTED))
    throw new DiagError("target_auth", "no kubeconfig is named, and no service account is mounted here", {
      detail: "no-kubeconfig",
      hint: "Set `kubeconfig:` to the path of one in diagbot.yaml, or let diagbot run in the cluster with a service account.",
    });
  const { KubeConfig } = await import("@kubernetes/client-node");
  const config = new KubeConfig();
  if (kubeconfig === undefined) {
    config.loadFromCluster();
    return config;
  }
  try {
    config.loadFromFile(kubeconfig);
  } catch (thrown) {
    throw unreadable(kubeconfig, thrown);
  }
  if (context !== undefined) {
    if (config.getContextObject(context) === null) {
      const names = config.getContexts().map(({ name }) => name);
      throw new DiagError("target_auth", `the kubeconfig has no context ${clip(context, 80)}`, {
        detail: "no-context",
        hint: `Correct \`context:\` in diagbot.yaml. There are: ${clip(names.join(", "), 300) || "none"}.`,
      });
    }
    config.setCurrentContext(context);
  }
  return config;
}

/** The parser's own words may quote the file, and with it a key: only what kind of trouble it is is said. */
function unreadable(path: string, thrown: unknown): DiagError {
  const errno = (thrown as { code?: unknown }).code;
  const why = typeof errno === "string" ? errno : "it is no kubeconfig";
  return new DiagError("target_auth", `the kubeconfig ${clip(path, 200)} cannot be read: ${why}`, {
    detail: "kubeconfig",
    hint: "Check `kubeconfig:` in diagbot.yaml, and that the user diagbot runs as may read it.",
  });
}

async function wayOf(config: Config): Promise<Way> {
  const server = config.getCurrentCluster()?.server;
  if (server === undefined || !URL.canParse(server) || new URL(server).hostname === "undefined")
    throw new DiagError("target_auth", "the kubeconfig names no API server for its current context", {
      detail: "no-context",
      hint: "Set `context:` in diagbot.yaml to one of `kubectl config get-contexts`.",
    });
  const options: RequestOptions = { headers: {} };
  try {
    await config.applyToHTTPSOptions(options);
  } catch (thrown) {
    throw withoutCredential(thrown);
  }
  const headers = Object.fromEntries(
    Object.entries(options.headers ?? {}).flatMap(([name, value]) =>
      typeof value === "string" ? [[name, value]] : [],
    ),
  );
  if (typeof options.auth === "string")
    headers.Authorization = `Basic ${Buffer.from(options.auth).toString("base64")}`;
  return { server: new URL(server), agent: options.agent as Agent, headers };
}

/** Whatever made the credential failed: a plugin that is not installed, one that ended with an error, a file that is gone. */
function withoutCredential(thrown: unknown): DiagError {
  const { code, syscall, path } = thrown as { code?: unknown; syscall?: unknown; path?: unknown };
  if (code === "ENOENT" && typeof syscall === "string" && syscall.startsWith("spawn"))
    return new DiagError(
      "target_auth",
      `the kubeconfig's exec plugin ${clip(String(path), 100)} is not installed here`,
      {
        detail: "exec-missing",
        hint: "Install it where diagbot runs (it must be in PATH), or use a kubeconfig with a service account's token.",
      },
    );
  const said = thrown instanceof Error ? thrown.message.trim() : String(thrown);
  const what = typeof code === "string" ? code : clip(said.replace(/\s+/g, " "), 300) || "it said nothing";
  return new DiagError("target_auth", `no credential could be had from the kubeconfig: ${what}`, {
    detail: "credential",
    hint: "Run `kubectl get --raw /readyz` with this kubeconfig as the user diagbot runs as.",
  });
}
