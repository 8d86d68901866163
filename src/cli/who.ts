import type { Caller } from "../core/words/caller.ts";
import { accountOf } from "../core/words/caller.ts";
import { DiagError } from "../core/words/errors.ts";
import type { CommandLine, Principal } from "../core/words/policy.ts";
import { usage } from "./exit.ts";
import { mustBeOneOf } from "./one-of.ts";

/** What the operating system says of the process. */
export interface OsAccount {
  readonly name: string;
  readonly host: string;
  /** `SUDO_USER`. */
  readonly sudoUser?: string | undefined;
}

/** Who holds the keyboard: the account, and the person of diagbot.yaml whose account it is. */
export interface CliCaller {
  readonly caller: Caller;
  readonly person: Principal | undefined;
}

/** The person of an account; pure. Who became another account by sudo is still who they were, where that can be believed. */
export function whoIs(os: OsAccount, people: readonly Principal[], { sudo }: CommandLine): CliCaller {
  const before = os.sudoUser !== undefined && sudo.includes(os.name) ? os.sudoUser : undefined;
  const name = before ?? os.name;
  const person = people.find(({ login = [] }) =>
    login.some((one) => one === name || one === `${name}@${os.host}`),
  );
  const account = { name, host: os.host, ...(before === undefined ? {} : { through: os.name }) };
  return {
    caller: { via: "cli", name, account, ...(person === undefined ? {} : { principal: person.id }) },
    person,
  };
}

/** Who decides, as the audit keeps it. */
export interface Decider {
  readonly voter: Principal;
  readonly account: string;
  readonly onBehalf?: Principal["id"];
  readonly reason?: string;
}

export interface DeciderOptions {
  readonly as?: string;
  readonly onBehalf?: string;
  readonly reason?: string;
}

/**
 * The person behind the account decides, nobody else: one account has one vote. Naming somebody else (`--on-behalf`, or
 * `--as` with another name) needs a reason and is noted; the vote stays the caller's own. Throws `not_allowed` and `usage`.
 */
export function deciderOf(
  { caller, person }: CliCaller,
  people: readonly Principal[],
  { as, onBehalf, reason }: DeciderOptions,
): Decider {
  const names = people.map(({ id }) => id);
  for (const name of [as, onBehalf]) if (name !== undefined) mustBeOneOf("usage", "person", name, names);
  const account = accountOf(caller) ?? caller.name;
  if (person === undefined) throw unknownAccount(caller, "decide");
  const said = reason?.trim() ?? "";
  const named = [onBehalf, as].find((name) => name !== undefined && name !== person.id);
  const other = people.find(({ id }) => id === named);
  if (other !== undefined && said.length < 3)
    throw usage(
      `${account} is ${person.id}, not ${other.id}: this would be ${person.id}'s vote on behalf of ${other.id}`,
      `say why: --on-behalf ${other.id} --reason "…", or let ${other.id} decide`,
    );
  return {
    voter: person,
    account,
    ...(other === undefined ? {} : { onBehalf: other.id }),
    ...(said === "" ? {} : { reason: said }),
  };
}

/** Accounts nobody has told diagbot about may look. */
export function unknownAccount(caller: Caller, what: string): DiagError {
  return new DiagError(
    "not_allowed",
    `diagbot.yaml knows nobody with the account ${accountOf(caller) ?? caller.name}, so it may look, but not ${what}`,
    {
      hint:
        caller.name === "root"
          ? "come by sudo from an account of your own that a person of diagbot.yaml has as `login`: root is nobody's alone"
          : `add \`login: [${caller.name}]\` to a person under \`people\` in diagbot.yaml`,
    },
  );
}
