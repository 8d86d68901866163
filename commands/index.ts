import type { Command } from "../src/sdk/index.ts";
import { ack } from "./ack.ts";
import { auto } from "./auto.ts";
import { cancel } from "./cancel.ts";
import { changes } from "./changes.ts";
import { checklist } from "./checklist.ts";
import { close } from "./close.ts";
import { form } from "./form.ts";
import { freeze } from "./freeze.ts";
import { guide } from "./guide.ts";
import { help } from "./help.ts";
import { history } from "./history.ts";
import { list } from "./list.ts";
import { maintenance } from "./maintenance.ts";
import { open } from "./open.ts";
import { pending } from "./pending.ts";
import { postmortem } from "./postmortem.ts";
import { run } from "./run.ts";
import { silence } from "./silence.ts";
import { status } from "./status.ts";
import { storm } from "./storm.ts";
import { tick } from "./tick.ts";
import { unfreeze } from "./unfreeze.ts";

/** Every `/diag` subcommand, one line each, in the order of the help. */
export const commands: readonly Command[] = [
  form,
  run,
  list,
  guide,
  status,
  history,
  changes,
  pending,
  cancel,
  ack,
  close,
  checklist,
  tick,
  postmortem,
  storm,
  open,
  freeze,
  unfreeze,
  maintenance,
  silence,
  auto,
  help,
];
