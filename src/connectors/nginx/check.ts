import type { ActionContext } from "../../core/words/action.ts";
import type { ConnectionCheck } from "../../core/words/connector.ts";
import { DiagError } from "../../core/words/errors.ts";
import { count } from "../../core/words/format.ts";
import { ask, NO_SUDO } from "./ask.ts";
import type { NginxClient } from "./client.ts";
import { configNow } from "./config.ts";

const WHO = `id -un; command -v "$bin"; command -v curl >/dev/null 2>&1 && echo curl; command -v openssl >/dev/null 2>&1 && echo openssl
for file; do [ -r "$file" ] || echo "unread $file"; done; true`;

/** Whether nginx can be asked and reloaded, logs and certificates read, and which lines give what is missing. */
export async function checkNginx(client: NginxClient, context: ActionContext): Promise<ConnectionCheck[]> {
  const { sudo, config } = client.settings;
  const found = await configNow(client, context).catch((thrown: unknown) => {
    if (thrown instanceof DiagError && thrown.detail === NO_SUDO) return undefined;
    throw thrown;
  });
  const files =
    found === undefined
      ? []
      : [...found.facts.errorLogs, ...found.facts.certificates.map(({ path }) => path)];
  const [user = "", program = "", ...words] = (await ask(client, WHO, files, context)).trim().split("\n");
  const unread = words.flatMap((line) => (line.startsWith("unread ") ? [line.slice(7)] : []));
  const lacking = ["curl", "openssl"].filter((one) => !words.includes(one));
  const checks: ConnectionCheck[] = [
    {
      name: "reach",
      state: "ok",
      detail: `nginx ${found?.version ?? ""} is there, as ${user}`.replace("  ", " "),
    },
  ];
  if (found === undefined || (user !== "root" && !sudo))
    checks.push({
      name: "rights",
      state: found === undefined ? "missing" : "warning",
      detail: sudo
        ? `sudo does not let ${user} ask nginx`
        : `${user} cannot reload it, and may not see all of its files`,
      fix: "`sudo: true` of the connection, and on that machine (exactly what diagbot runs)",
      paste: ["sudo visudo -f /etc/sudoers.d/diagbot-nginx", ...sudoersOf(user, program, config)],
    });
  if (found !== undefined && !found.valid && found.error !== null)
    checks.push({
      name: "configuration",
      state: "warning",
      detail: `its test fails: ${found.error.message}`,
    });
  if (unread.length > 0)
    checks.push({
      name: "files",
      state: "warning",
      detail: `${user} cannot read ${count(unread.length, "file")}: ${unread.slice(0, 3).join(", ")}`,
      fix: "on that machine; certificates are no secret, their keys are and are not read",
      paste: [
        `sudo usermod -aG adm ${user}`,
        ...unread.slice(0, 10).map((path) => `sudo setfacl -m u:${user}:r ${path}`),
      ],
    });
  if (lacking.length > 0)
    checks.push({
      name: "programs",
      state: "warning",
      detail: `no ${lacking.join(", no ")}: upstreams are asked by curl, served certificates by openssl`,
      fix: `apt-get install -y ${lacking.join(" ")}`,
    });
  return checks;
}

/** Lines of sudoers: the three calls, word for word. */
export function sudoersOf(user: string, program: string, config: string | undefined): string[] {
  const word = (text: string) => text.replaceAll(/([\\:,=*?! ])/g, "\\$1");
  const more = config === undefined ? "" : ` -c ${word(config)}`;
  return ["-t", "-T", "-s reload"].map(
    (call) => `${user} ALL=(root) NOPASSWD: ${word(program || "/usr/sbin/nginx")} ${call}${more}`,
  );
}
