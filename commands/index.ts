import type { Command } from "../src/sdk/index.ts";
import { cancel } from "./cancel.ts";
import { close } from "./close.ts";
import { form } from "./form.ts";
import { freeze } from "./freeze.ts";
import { help } from "./help.ts";
import { history } from "./history.ts";
import { list } from "./list.ts";
import { open } from "./open.ts";
import { pending } from "./pending.ts";
import { run } from "./run.ts";
import { status } from "./status.ts";
import { storm } from "./storm.ts";
import { unfreeze } from "./unfreeze.ts";

/** Every `/diag` subcommand, one line each, in the order of the help. */
export const commands: readonly Command[] = [
  form,
  run,
  list,
  status,
  history,
  pending,
  cancel,
  close,
  storm,
  open,
  freeze,
  unfreeze,
  help,
];
