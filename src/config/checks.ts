import { gapOf, kindNamed, readConnection, urlOf } from "../core/rules/connections.ts";
import { eligible } from "../core/rules/policy.ts";
import { EVERYBODY } from "../core/rules/readers.ts";
import { AUTO_VOTER } from "../core/words/auto.ts";
import { canonical } from "../core/words/json.ts";
import type { ConnectionKind } from "../core/words/kind.ts";
import type { Policies, Principal } from "../core/words/policy.ts";
import { RISKS, type Risk } from "../core/words/risk.ts";
import { checkChecklists } from "./checklists.ts";
import type { Complaint, ConfigDocument } from "./document.ts";
import { checkEscalation } from "./escalation.ts";
import { instead } from "./explain.ts";
import type { ConfigFile } from "./schema.ts";

export interface Checked {
  readonly complaints: Complaint[];
  readonly warnings: Complaint[];
}

/** What the file is checked against. */
interface Known {
  readonly people: readonly Principal[];
  readonly kinds: readonly ConnectionKind[];
  readonly document: ConfigDocument;
}

const CHANNEL = /^[CG][A-Z0-9]{2,20}$/;
const USER = /^[UW][A-Z0-9]{2,20}$/;
const HOW_TO_FIND = "not its name; Slack shows it at the end of the details";

const complain = (document: ConfigDocument, path: readonly PropertyKey[], message: string): Complaint =>
  document.at(path, `${path.join(".")}: ${message}`);

/** What the shape cannot say: whether the parts of the file fit each other. */
export function checkFile(file: ConfigFile, { people, kinds, document }: Known): Checked {
  const checked: Checked = { complaints: [], warnings: [] };
  checkPeople(file, document, checked);
  for (const risk of RISKS) checkPolicy(risk, file.policies, people, document, checked);
  checked.complaints.push(
    ...unknownRoles(file.freeze.unfreeze ?? [], ["freeze", "unfreeze"], people, document),
  );
  checkReaders(file, people, document, checked);
  checkChannels(file, document, checked);
  checkConnections(file, { kinds, document }, checked);
  checkPacks(file, document, checked);
  checkMatches(file, document, checked);
  checkSchedules(file, document, checked);
  checked.complaints.push(...checkEscalation(file, document), ...checkChecklists(file, document));
  if (Object.keys(file.systems).length === 0)
    checked.warnings.push(complain(document, ["systems"], "no systems: there is nothing to look at"));
  return checked;
}

function checkPacks({ runbooks }: ConfigFile, document: ConfigDocument, { complaints }: Checked): void {
  for (const [index, name] of runbooks.entries())
    if (runbooks.indexOf(name) < index)
      complaints.push(complain(document, ["runbooks", index], `"${name}" stands here twice`));
}

function checkPeople(file: ConfigFile, document: ConfigDocument, { complaints }: Checked): void {
  if (Object.hasOwn(file.people, AUTO_VOTER))
    complaints.push(
      complain(
        document,
        ["people", AUTO_VOTER],
        "votes of the policy `auto` are called so: give the person another name",
      ),
    );
  const owners = new Map<string, string>();
  for (const [person, { slack }] of Object.entries(file.people))
    for (const [index, id] of slack.entries()) {
      const path = ["people", person, "slack", index];
      if (!USER.test(id))
        complaints.push(complain(document, path, `a Slack member id (U…), ${HOW_TO_FIND} of a profile`));
      const owner = owners.get(id);
      // Two humans behind one account could approve what they asked for themselves.
      if (owner !== undefined)
        complaints.push(complain(document, path, `${id} is also ${owner}'s Slack account`));
      owners.set(id, person);
    }
  checkLogins(file, document, complaints);
}

/** Two humans behind one account of the operating system could approve what they asked for themselves, too. */
function checkLogins(file: ConfigFile, document: ConfigDocument, complaints: Complaint[]): void {
  const seen: { person: string; account: string; host: string | undefined }[] = [];
  for (const [person, { login }] of Object.entries(file.people))
    for (const [index, written] of login.entries()) {
      const [account = "", host] = written.split("@");
      const same = seen.find(
        (other) =>
          other.account === account &&
          (other.host === host || other.host === undefined || host === undefined),
      );
      if (same !== undefined && same.person !== person)
        complaints.push(
          complain(
            document,
            ["people", person, "login", index],
            `${written} is also ${same.person}'s account`,
          ),
        );
      seen.push({ person, account, host });
    }
}

function checkPolicy(
  risk: Risk,
  policies: Policies,
  people: readonly Principal[],
  document: ConfigDocument,
  { complaints, warnings }: Checked,
): void {
  const policy = policies[risk];
  if (policy === undefined) {
    warnings.push(
      complain(document, ["policies"], `no policy for ${risk} remedies: nobody may approve them`),
    );
    return;
  }
  const before = complaints.length;
  complaints.push(...unknownRoles(policy.from, ["policies", risk, "from"], people, document));
  if (policy.breakGlass !== undefined) {
    const path = ["policies", risk, "breakGlass"];
    complaints.push(...unknownRoles(policy.breakGlass.from, [...path, "from"], people, document));
    if (!CHANNEL.test(policy.breakGlass.channel))
      complaints.push(
        complain(document, [...path, "channel"], `a channel id (C… or G…), ${HOW_TO_FIND} of the channel`),
      );
  }
  if (complaints.length > before) return;
  const able = eligible(policy, people, undefined).length;
  const path = ["policies", risk, "approvals"];
  if (able < policy.approvals)
    complaints.push(
      complain(
        document,
        path,
        `${policy.approvals} approvals are wanted, but only ${able} of the people may vote`,
      ),
    );
  else if (able === policy.approvals && !policy.self)
    warnings.push(
      complain(
        document,
        path,
        `exactly ${able} may vote on ${risk} remedies: one that one of them asks for cannot be approved`,
      ),
    );
}

function unknownRoles(
  wanted: readonly string[],
  path: readonly PropertyKey[],
  people: readonly Principal[],
  document: ConfigDocument,
): Complaint[] {
  const roles = [...new Set(people.flatMap((person) => person.roles))];
  return wanted.flatMap((role, index) =>
    roles.includes(role)
      ? []
      : [
          complain(
            document,
            [...path, index],
            `nobody in people has the role "${role}"${instead(role, roles)}`,
          ),
        ],
  );
}

/** A misspelt reader would only shut somebody out, in silence. */
function checkReaders(
  file: ConfigFile,
  people: readonly Principal[],
  document: ConfigDocument,
  { complaints }: Checked,
): void {
  const known = [...new Set([EVERYBODY, ...people.flatMap(({ id, roles }) => [id, ...roles])])];
  for (const [id, { readers = [] }] of Object.entries(file.systems))
    for (const [index, word] of readers.entries())
      if (!known.includes(word))
        complaints.push(
          complain(
            document,
            ["systems", id, "readers", index],
            `"${word}" is neither a person nor a role of people${instead(word, known)}`,
          ),
        );
}

function checkChannels(file: ConfigFile, document: ConfigDocument, { complaints }: Checked): void {
  const check = (channel: string | undefined, path: PropertyKey[]) => {
    if (channel !== undefined && !CHANNEL.test(channel))
      complaints.push(complain(document, path, `a channel id (C… or G…), ${HOW_TO_FIND} of the channel`));
  };
  check(file.slack.channel, ["slack", "channel"]);
  for (const [index, { channel }] of file.routes.entries()) check(channel, ["routes", index, "channel"]);
  for (const [id, system] of Object.entries(file.systems)) {
    check(system.channel, ["systems", id, "channel"]);
    for (const [index, contact] of system.contacts.entries())
      check(contact.channel, ["systems", id, "contacts", index, "channel"]);
  }
}

function checkConnections(
  file: ConfigFile,
  { kinds, document }: Pick<Known, "kinds" | "document">,
  { complaints, warnings }: Checked,
): void {
  for (const [id, system] of Object.entries(file.systems))
    for (const [name, settings] of Object.entries(system.connections)) {
      const kind = kindNamed(kinds, settings.kind);
      if (kind === undefined) continue;
      const path = ["systems", id, "connections", name];
      const wanted = Object.keys(kind.schemes).map((scheme) => `${scheme}//`);
      // The value may hold a password: it is not repeated.
      if (typeof settings.url === "string" && wanted.length > 0 && !hasScheme(settings, kind))
        complaints.push(
          complain(document, [...path, "url"], `must be a URL that begins with ${wanted.join(" or ")}`),
        );
      const gap = gapOf(kind, readConnection(kind, name, settings));
      if (gap !== undefined) warnings.push(complain(document, path, gap));
    }
}

const hasScheme = (settings: unknown, kind: ConnectionKind): boolean => {
  const url = urlOf(settings, kind);
  return url !== undefined && url.protocol in kind.schemes;
};

function checkSchedules(file: ConfigFile, document: ConfigDocument, { complaints }: Checked): void {
  const systems = Object.keys(file.systems);
  const known = (path: readonly (string | number)[], system: string) => {
    if (!systems.includes(system))
      complaints.push(
        complain(document, [...path], `there is no system "${system}"${instead(system, systems)}`),
      );
  };
  for (const [index, { system }] of file.schedules.entries()) known(["schedules", index, "system"], system);
  for (const [index, planned] of file.maintenance.entries())
    for (const [n, system] of planned.systems.entries()) known(["maintenance", index, "systems", n], system);
}

function checkMatches(file: ConfigFile, document: ConfigDocument, { warnings }: Checked): void {
  const owners = new Map<string, string>();
  for (const [id, system] of Object.entries(file.systems))
    for (const [index, match] of system.match.entries()) {
      const path = ["systems", id, "match", index];
      if (Object.keys(match).length === 0)
        warnings.push(complain(document, path, "an empty match fits no alert"));
      const key = canonical(match);
      const owner = owners.get(key);
      if (owner !== undefined && owner !== id)
        warnings.push(
          complain(document, path, `${owner} has the same match: its alerts go there, never to ${id}`),
        );
      if (owner === undefined) owners.set(key, id);
    }
}
