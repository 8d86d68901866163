import type { Case, Said } from "./case.ts";
import { fill, type Unit } from "./unit.ts";

/** What cannot be started, because there is no such thing here, or it may not be. */
export const notFound = ({ unit, isAsked }: Case): Said => ({
  kind: "not-found",
  severity: isAsked ? "critical" : "warning",
  title: `There is no unit ${unit.name} on this machine`,
  because:
    "Either it was never installed or was removed, or it goes by another name here, or it belongs to a user's own manager (`systemctl --user`), which is not asked.",
  advice: [
    {
      key: "fixUnit",
      text: fill(
        "`systemctl list-unit-files --type=service`; correct `units:` in diagbot.yaml where it goes by another name. On Debian `postgresql.service` only stands for `postgresql@VERSION-main.service`.",
        unit,
      ),
    },
  ],
  acts: [],
});

export const broken = (unit: Unit): Said => ({
  kind: "bad-unit-file",
  severity: "critical",
  title: `${unit.name} cannot be loaded`,
  because: `systemd does not understand its file${unit.loadError === "" ? "" : `: ${unit.loadError}`}. What runs goes on; it cannot be started.`,
  advice: [
    {
      key: "fixUnit",
      text: fill("`systemd-analyze verify UNIT` names the line; then `systemctl daemon-reload`.", unit),
    },
  ],
  acts: [],
});

export const masked = (unit: Unit): Said => ({
  kind: "masked",
  severity: "warning",
  title: `${unit.name} is masked: it cannot be started`,
  because: "Somebody forbade it to start (its file is a link to /dev/null).",
  advice: [
    {
      key: "enable",
      text: fill(
        "If that is not meant any more: `systemctl unmask UNIT`, then `systemctl start UNIT`.",
        unit,
      ),
    },
  ],
  acts: [],
});

/** A device is not started: it is there, or it is not. */
export const noDevice = ({ unit, isAsked }: Case): Said | undefined =>
  !isAsked
    ? undefined
    : {
        kind: "no-device",
        severity: "warning",
        title: `${unit.name}: that device is not there`,
        because:
          "systemd shows a device once the kernel (udev) does; nothing starts it. What mounts it waits for it at boot, 90 s where nothing else is said.",
        advice: [
          {
            key: "fixUnit",
            text: "`lsblk -f`, `dmesg -T | tail -30`: was it taken away, or does it go by another name or UUID than /etc/fstab says?",
          },
        ],
        acts: [],
      };
