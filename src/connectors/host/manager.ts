import type { ProcessFacts } from "./process-facts.ts";

/** Units that processes of others live in: stopping them for one of those would take the machine, or the way to it, along. */
const CARRIERS =
  /^(ssh|sshd|ssh@.*|sshd@.*|cron|crond|atd|anacron|docker|containerd|podman|crio|user@\d+|getty@.*|serial-getty@.*|systemd-.*|dbus|dbus-broker|init|rc-local|snapd|cloud-(init|final|config)|qemu-guest-agent|amazon-ssm-agent|google-guest-agent|waagent|walinuxagent|tmux.*|screen.*)\.service$/;

/** What a process is to be stopped by: its container, its supervisor or its unit; null: nothing looks after it, somebody started it by hand. */
export function managerOf({
  unit,
  supervisor = "",
}: Pick<ProcessFacts, "unit"> & Partial<Pick<ProcessFacts, "supervisor">>): {
  readonly kind: "unit" | "container" | "supervisor";
  readonly name: string;
} | null {
  if (unit.startsWith("container ")) return { kind: "container", name: unit.slice("container ".length) };
  // The unit of a supervisor is that of all it looks after.
  if (supervisor !== "") return { kind: "supervisor", name: supervisor };
  return unit === "" || CARRIERS.test(unit) ? null : { kind: "unit", name: unit };
}
