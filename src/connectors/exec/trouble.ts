import type { TroubleOf } from "../../core/words/trouble.ts";
import { machineTrouble } from "../machine/trouble.ts";

/** A machine that cannot be reached. What one script says is no news of the machine: its step could not look. */
export const execTrouble: TroubleOf = (seen) => {
  const whole = Object.entries(seen).filter(
    ([, one]) => !one.ok && ["target_unreachable", "target_auth"].includes(one.error.code),
  );
  return whole.length === 0 ? [] : machineTrouble(Object.fromEntries(whole));
};
