import type { TroubleOf } from "../../core/words/trouble.ts";
import { machineTrouble } from "../machine/trouble.ts";
import { NO_NGINX, NO_SUDO } from "./ask.ts";

/** There is no such program, or it may not be asked. All else is the machine's own trouble. */
export const nginxTrouble: TroubleOf = (seen) => {
  const error = Object.values(seen)
    .flatMap((one) => (one.ok ? [] : [one.error]))
    .find(({ detail }) => detail === NO_NGINX || detail === NO_SUDO);
  if (error === undefined) return machineTrouble(seen);
  const isAbsent = error.detail === NO_NGINX;
  return [
    {
      id: isAbsent ? "no-nginx" : "nginx-denied",
      severity: "warning",
      title: isAbsent ? "There is no nginx where it is looked for" : "nginx may not be asked",
      because: `${error.message}. Nothing is known of its configuration.`,
      remedy: {
        key: "reachNginx",
        title: "Let diagbot ask nginx",
        risk: "low",
        advice: isAbsent
          ? "Give the connection `binary:` with its whole path (OpenResty: /usr/local/openresty/bin/openresty), or `ssh:` of the machine it runs on. One in a container is looked at there: `kind: docker`."
          : "`npx diagbot doctor` prints the lines for sudoers.",
      },
    },
  ];
};
