import { shellWord } from "../../src/sdk/index.ts";
import type { Case } from "./case.ts";
import type { Problem } from "./cause.ts";

/** Podman answers in Docker's words, but no daemon looks after its containers. */
const isPodman = ({ product }: Pick<Case, "product">): boolean => product === "Podman";

/** Only a daemon holds a container down because somebody asked: of Podman an end says nothing of who wanted it. */
export const isHeldByDaemon = (it: Pick<Case, "product">): boolean => !isPodman(it);

/** Why one that is meant to run always may be down all the same. Empty: an engine with a daemon, or another policy. */
export function whyNotBack({ one, product }: Case): string {
  if (!isPodman({ product }) || !["always", "unless-stopped"].includes(one.restartPolicy)) return "";
  return ` Its policy is ${one.restartPolicy}, but Podman has no daemon: it brings a container back when it ends by itself, not after the machine was started anew, nor after somebody stopped it. To tell them apart: \`uptime -s\`, and \`podman events --since 24h --filter container=${shellWord(one.name)}\`; \`systemctl enable podman-restart.service\` (or a unit by Quadlet) starts such containers with the machine.`;
}

/** Longer than any first check takes. */
const GRACE_SECONDS = 60;

/** Podman has health checks run by timers of systemd: without them a container stays `starting`, and nothing looks after it. */
export function neverChecked({ one, product }: Case): Problem | undefined {
  const { check, health, uptimeSeconds, failingStreak, lastProbe, passedLately } = one;
  if (health !== "starting" || check === null || uptimeSeconds === null) return undefined;
  const first = check.startSeconds + check.intervalSeconds + check.timeoutSeconds + GRACE_SECONDS;
  if (uptimeSeconds < first || failingStreak > 0 || lastProbe !== null || passedLately) return undefined;
  return {
    kind: "check",
    container: one,
    severity: "warning",
    title: `${one.name}'s health check has not run once`,
    because: `It is still “starting” long after its first check was due (every ${Math.round(check.intervalSeconds)} s). ${isPodman({ product }) ? PODMAN_TIMERS : DOCKER_TIMERS} So nobody knows whether it is well, and what waits for it to be healthy waits for ever.`,
    advice: [
      {
        key: "correctCheck",
        text: isPodman({ product }) ? podmanAdvice(one) : dockerAdvice(one),
      },
    ],
    acts: [],
  };
}

const PODMAN_TIMERS =
  "Podman has checks run by timers of systemd, and none did: in a session of a user that has ended, or on a machine without systemd, there are none.";
const DOCKER_TIMERS =
  "The engine runs checks itself, one after the other, and has run none: a check that never ends holds it up, or the engine lost count (it was restarted beneath running containers).";

const podmanAdvice = ({ name }: Case["one"]): string =>
  `\`podman healthcheck run ${shellWord(name)}\` asks once. \`systemctl list-timers --all | grep podman\` (with --user for an engine without root) shows whether its timer is there; for a user without a session: \`loginctl enable-linger USER\`. Without systemd have cron or whatever runs it call that command.`;
const dockerAdvice = ({ name }: Case["one"]): string =>
  `Run the check by hand (\`docker inspect -f '{{json .Config.Healthcheck}}' ${shellWord(name)}\` shows it, \`docker exec\` runs it): does it end? \`docker top ${shellWord(name)}\` shows one that hangs. A restart of the container has the engine begin anew with it.`;
