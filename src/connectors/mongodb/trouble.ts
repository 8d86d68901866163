import type { Failure } from "../../core/words/kind.ts";
import type { StepError } from "../../core/words/outcome.ts";
import type { TroubleOf } from "../../core/words/trouble.ts";
import { causeOf } from "../cause.ts";

type Known = Failure & { readonly id: string };

/** By `detail`: what the server or the driver says that the network does not. */
const KNOWN: Readonly<Record<string, Known>> = {
  AuthenticationFailed: {
    id: "mongo-login",
    severity: "warning",
    title: "MongoDB does not accept diagbot's login",
    because:
      "The password is wrong, the user does not exist, or it is one of another database than the URL says (`authSource`).",
    advice:
      'Compare user, password and `authSource` of `url:` with `db.getSiblingDB("admin").getUsers()`; a password in a URL is percent-encoded.',
  },
  Unauthorized: {
    id: "mongo-rights",
    severity: "warning",
    title: "diagbot's user may not look at MongoDB",
    because: "It is logged in, and refused what it asks. Of the server nothing is known then.",
    advice:
      "`diagbot doctor` prints the line that grants it: clusterMonitor, and read on the databases and on local.",
  },
  AtlasError: {
    id: "mongo-rights",
    severity: "warning",
    title: "This tier of Atlas does not let diagbot look",
    because: "Shared tiers refuse the commands that say how a server is.",
    advice: "Its metrics stand in Atlas; a dedicated tier allows the commands to a user with clusterMonitor.",
  },
  CommandNotSupported: {
    id: "mongo-not-mongodb",
    severity: "warning",
    title: "This service does not have the commands that say how a server is",
    because:
      "It speaks MongoDB's protocol and is another database (Amazon DocumentDB, Azure Cosmos DB): nothing is known of it.",
    advice: "Look at the service's own metrics; diagbot sees only whether it answers.",
  },
  closed: {
    id: "mongo-closes",
    title: "MongoDB closes the connection as soon as it is made",
    because:
      "Either it has as many connections as it takes, or it wants TLS, or the address is not one it lets in, or it is going down. To tell them apart: its log says `connection refused because there are too many open connections`, an SSL error, or the shutdown.",
    advice:
      "Read the end of its log. At the limit: `db.serverStatus().connections` from a connection that is open already, and end what leaks. TLS: `tls=true` in `url:`.",
  },
  NotPrimaryOrSecondary: {
    id: "mongo-recovering",
    title: "This member of the set is neither primary nor secondary",
    because: "It is starting, recovering or rolling back, and answers no reads meanwhile.",
    advice:
      "`rs.status()` says which, and for how long; its log says how far it is. Leave it alone while it makes progress.",
  },
  "member-name": {
    id: "mongo-no-server",
    title: "MongoDB answers, and the names of its set's members do not resolve here",
    because:
      "With `replicaSet=` (or srv) a client goes to the members as the set itself calls them (rs.conf()), whatever the URL says: names of containers or of an inner network lead nowhere from outside. The set may be in order, with a primary.",
    advice:
      "`rs.conf().members[].host` has to hold names that every client can resolve: make them known here (DNS, /etc/hosts), or change them (rs.reconfig, one member at a time), or run the client in that network. A tool that wants this one server only: `directConnection=true` in place of `replicaSet=`.",
  },
  NotWritablePrimary: {
    id: "mongo-no-server",
    severity: "warning",
    title: "This member of the set is no primary",
    because:
      "It was asked for what only a primary may do: either the URL leads to one member alone (no `replicaSet=`, or directConnection=true), or the primary has just changed.",
    advice:
      "`rs.status()` names the primary. Put all members and `replicaSet=` into the URL, so that clients follow an election; for reads of a secondary: `readPreference=secondaryPreferred`.",
  },
  ShutdownInProgress: {
    id: "mongo-going-down",
    title: "MongoDB is going down",
    because: "It said so itself: somebody or something stops it.",
    advice: "See who stopped it: `systemctl status mongod`, the container's events, and the end of its log.",
  },
  "not-mongodb": {
    id: "mongo-protocol",
    title: "What answers there is not MongoDB",
    because: "The answer is not of its protocol: another service took the port, or TLS is spoken there.",
    advice: "See which process listens there (`ss -ltnp`); TLS wants `tls=true` in `url:`.",
  },
  "no-server": {
    id: "mongo-no-server",
    title: "No server of the deployment can be chosen",
    because:
      "Servers answer, and none is of the kind that is asked for: no primary, or a set of another name than the URL says.",
    advice: "Compare `replicaSet=` of `url:` with `rs.status().set`, and see whether the set has a primary.",
  },
};
const KNOWN_ALIKE: Readonly<Record<string, string>> = {
  InterruptedAtShutdown: "ShutdownInProgress",
  UserNotFound: "AuthenticationFailed",
  NotPrimaryNoSecondaryOk: "NotWritablePrimary",
  PrimarySteppedDown: "NotWritablePrimary",
};

const knownOf = ({ detail = "" }: StepError): Known | undefined => {
  const name = KNOWN_ALIKE[detail] ?? detail;
  return Object.hasOwn(KNOWN, name) ? KNOWN[name] : undefined;
};

/** What an error means; undefined where the network's own causes say it better. */
export function failureOf(error: StepError): Failure | undefined {
  const known = knownOf(error);
  return known === undefined
    ? undefined
    : { ...known, because: `${known.because} It says: ${error.message}` };
}

/** MongoDB cannot be asked: nothing is known of it. */
export const mongoTrouble: TroubleOf = (seen) => {
  const steps = Object.values(seen);
  const errors = steps.flatMap((one) => (one.ok ? [] : [one.error]));
  // One step of several that the user may not take is said as what could not be looked at.
  const error =
    errors.find((one) => one.code === "target_unreachable" || one.code === "timeout") ?? errors[0];
  if (error === undefined || errors.length < steps.length) return [];
  const known = knownOf(error);
  const cause = causeOf(error);
  return [
    {
      id: known?.id ?? "mongo-unseen",
      severity: known?.severity ?? "critical",
      title: known?.title ?? `MongoDB cannot be asked: ${cause.word}`,
      because: `${known?.because ?? cause.because} It says: ${error.message}`,
      remedy: {
        key: "reachMongo",
        title: "Get MongoDB to answer",
        risk: "low",
        advice: known?.advice ?? cause.next,
      },
    },
  ];
};
