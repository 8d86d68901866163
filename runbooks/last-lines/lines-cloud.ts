import type { LineRow } from "./row.ts";

/** What clouds, registries, secret stores and licences answer. Their words for one refusal hide several causes; each has its own row. */
export const CLOUD_LINES: readonly LineRow[] = [
  {
    text: /\(?expiredtoken(exception)?\b|the (provided|security) token (included in the request )?(has|is) expired|token expired: current date|request has expired|expiredauthenticationtoken/,
    short: "its cloud credentials have expired",
    because:
      "They were lent for a time, and nothing renewed them: either they were copied in once (environment, a file), or the program does not take what its role renews. Nothing is said of its rights.",
    advice:
      "Let it take its role by itself (AWS: instance or task role, IRSA) in place of copied keys; a program that read them at its start takes new ones with a restart. Compare the clock, too (host-clock).",
    startHelps: true,
  },
  {
    text: /requesttimetooskewed|difference between the request time and the (current|server)|signature (expired|not yet current)/,
    short: "a certificate is out of its dates, or the clock is wrong",
    because:
      "The cloud refuses requests that are signed more than some minutes before or after its own time: the machine's clock is off.",
    advice: "Run host-clock for the machine; a restart of the program changes nothing.",
  },
  {
    text: /signaturedoesnotmatch|invalidaccesskeyid|unrecognizedclientexception|invalidclienttokenid|authfailure\b/,
    short: "what it depends on refuses its credentials",
    because:
      "The cloud does not know the key, or the secret does not fit it: a key that was deleted or rotated, a secret cut at a special character, or keys of another provider or region than the endpoint.",
    advice:
      "Compare key, secret, region and endpoint with where they were made (`aws sts get-caller-identity` with the same environment).",
    isAnywhere: true,
  },
  {
    text: /\(?accessdenied(exception)?\)? when calling|accessdenied(exception)?: |is not authorized to perform|permission '[\w.]{3,80}' denied|authorizationfailed|does not have authorization to perform|authorizationpermissionmismatch/,
    short: "its cloud identity may not do that",
    because:
      "The cloud knows who asks and refuses this action: a policy of its role, of the bucket or resource, of the organisation, or of the key that encrypts it. Of S3 the same is answered for an object that is not there where it may not list.",
    advice:
      "The line names the action; mostly who and on what, too. `aws sts get-caller-identity` in its environment says as whom it asks; then its policy, the resource's, and the KMS key's.",
  },
  {
    text: /nosuchbucket|the specified bucket does not exist|resourcenotfoundexception|nosuchkey: /,
    short: "what it asks its cloud for is not there",
    because:
      "The bucket, secret, table or object does not exist in the account and region it asks: a name that was mistyped or not created yet, or another region.",
    advice: "Compare name, region and endpoint of its settings with the account.",
  },
  {
    text: /throttlingexception|requestlimitexceeded|slowdown: please reduce your request rate|provisionedthroughputexceeded/,
    short: "its cloud limits how often it may ask",
    because:
      "Requests came faster than the account's limit allows; programs that all start at once, or retry without waiting, do that.",
    advice: "Wait longer between tries, and spread starts; then ask for a higher limit.",
    startHelps: true,
  },
  {
    text: /toomanyrequests: you have reached your|pull rate limit|you have reached your unauthenticated pull rate/,
    short: "the registry gives no more images for a while",
    because: "Pulls without a login (or beyond the plan) are counted per address, and the number is used up.",
    advice: "Log in where it pulls, or use a mirror; it ends by itself after some hours.",
  },
  {
    text: /licen[sc]e (key )?(is |was |has been )?(invalid or |invalid, |no longer valid|expired|has expired|has been revoked)|expired licen[sc]e|licen[sc]e \[expired\]|your (trial|evaluation)( period)? (has )?(expired|ended)|licen[sc]e (validation|verification) failed|invalid licen[sc]e/,
    short: "its licence has expired or is not valid",
    because:
      "The program checks its licence and refuses. Some check at their start only: it ran on past the date until it was started anew.",
    advice:
      "See the date in the licence (many are a JWT, with `exp`), put in the renewed one, or go back to the edition without one. Compare the machine's clock with the date first.",
  },
  {
    text: /vault is sealed|seal status: sealed|core: sealed|security barrier not unsealed/,
    short: "Vault is sealed",
    because:
      "Vault runs and gives out nothing until it is unsealed: it was started anew, and either nobody gave the keys, or its auto-unseal (a KMS) did not answer.",
    advice:
      "`vault status`; `vault operator unseal` by those who hold the keys, or mend the way to the KMS. Whoever asks it for secrets is well once it is.",
    key: "repairDependency",
    isDependency: true,
    startHelps: true,
  },
  {
    text: /pods? is forbidden|cannot (get|list|watch|create|update|patch|delete) resource "[^"]{1,80}" in api group|is forbidden: user "/,
    short: "its service account may not do that in Kubernetes",
    because: "The cluster knows who asks, and no role gives that right.",
    advice:
      "The line names the account, verb and resource: `kubectl auth can-i VERB RESOURCE --as=system:serviceaccount:NAMESPACE:NAME`, then its Role and RoleBinding.",
  },
];
