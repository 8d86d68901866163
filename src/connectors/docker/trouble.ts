import type { Seen, StepError } from "../../core/words/outcome.ts";
import type { TroubleOf } from "../../core/words/trouble.ts";
import { containers } from "./containers.ts";

/**
 * The engine cannot be asked, or says who it is and not what it runs. Where its containers were listed, a log or a figure
 * that could not be read is a gap of that step only.
 */
export const dockerTrouble: TroubleOf = (seen) => {
  const all = Object.values(seen);
  const failed = all.flatMap((one) => (one.ok ? [] : [one.error]));
  const whole = failed.find(({ code }) => code === "target_unreachable" || code === "target_auth");
  const error = whole ?? (all.some(isList) ? undefined : failed[0]);
  if (error === undefined) return [];
  const { title, because, advice } = ROWS.find(({ is }) => is(error)) ?? OTHER;
  return [
    {
      id: "engine-unreachable",
      severity: "critical",
      title,
      because: because === "" ? error.message : `${because} (${error.message})`,
      remedy: { key: "reachEngine", title: "Get the engine to answer", risk: "high", advice },
    },
  ];
};

const isList = (one: Seen<unknown>): boolean =>
  one.ok && containers.action.output.safeParse(one.value).success;

interface Row {
  readonly is: (error: StepError) => boolean;
  readonly title: string;
  /** Empty: the error says it all. */
  readonly because: string;
  readonly advice: string;
}

const LOOK_AT_ENGINE =
  "`systemctl status docker containerd`, `journalctl -u docker --since -15m`, free space below /var/lib/docker, and who may read the socket (`ls -l /var/run/docker.sock`). With live-restore the containers survive `systemctl restart docker`; without it they restart.";

/** Why the engine cannot be asked, most specific first. */
const ROWS: readonly Row[] = [
  {
    is: ({ code, detail }) => code === "target_unreachable" && detail === "ENOENT",
    title: "There is no Docker socket where diagbot looks",
    because:
      "Either the engine does not run, or its socket is elsewhere; to tell them apart: `docker context ls` shows the address of the one in use",
    advice: `Elsewhere: \`socket:\` in diagbot.yaml (an engine without root: /run/user/UID/docker.sock; Podman: /run/podman/podman.sock, with \`systemctl enable --now podman.socket\`; in a container the socket must be mounted). Not running: ${LOOK_AT_ENGINE}`,
  },
  {
    is: ({ code }) => code === "target_unreachable",
    title: "The Docker engine is not running",
    because: "Its socket is there, and nobody listens on it",
    advice: LOOK_AT_ENGINE,
  },
  {
    is: ({ code }) => code === "target_auth",
    title: "diagbot may not use the Docker engine's socket",
    because: "The engine may be well: the user diagbot runs as has no right to the socket",
    advice:
      "Give that user the socket's group (`usermod -aG docker USER`, which is as good as root) or put a socket proxy in between; then start diagbot again.",
  },
  {
    is: ({ code, detail }) => code === "target_refused" && detail === "403",
    title: "A socket proxy refuses what diagbot asks",
    because: "The way to the engine is there; the proxy in front of it lets this question not pass",
    advice:
      "Allow the proxy to answer GET of /version, /info, /containers, /images, /events and /system/df (docker-socket-proxy: CONTAINERS=1, IMAGES=1, INFO=1, EVENTS=1, SYSTEM=1, VERSION=1).",
  },
  {
    is: ({ code, message }) => code === "target_refused" && /api version|client version/i.test(message),
    title: "The Docker engine speaks another version of its API",
    because: "The engine is there and refuses the version it was asked in",
    advice: "Update diagbot, or the engine; a proxy in between may hold an old version.",
  },
  {
    is: ({ code }) => code === "timeout",
    title: "The Docker engine accepts connections but does not answer",
    because: "",
    advice: LOOK_AT_ENGINE,
  },
];

const OTHER: Omit<Row, "is"> = {
  title: "The Docker engine did not answer as it should",
  because: "",
  advice: LOOK_AT_ENGINE,
};
