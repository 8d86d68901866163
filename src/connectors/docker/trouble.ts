import type { Seen } from "../../core/words/outcome.ts";
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
  return [
    {
      id: "engine-unreachable",
      severity: "critical",
      title: TITLES[error.code] ?? "The Docker engine did not answer as it should",
      because: error.message,
      remedy: {
        key: "reachEngine",
        title: "Get the engine to answer",
        risk: "high",
        advice:
          "`systemctl status docker containerd`, `journalctl -u docker --since -15m`, free space below /var/lib/docker, and who may read the socket (`ls -l /var/run/docker.sock`). With live-restore the containers survive `systemctl restart docker`; without it they restart.",
      },
    },
  ];
};

const isList = (one: Seen<unknown>): boolean =>
  one.ok && containers.action.output.safeParse(one.value).success;

const TITLES: Readonly<Record<string, string>> = {
  target_unreachable: "The Docker engine is not running",
  target_auth: "diagbot may not use the Docker engine's socket",
  timeout: "The Docker engine accepts connections but does not answer",
};
