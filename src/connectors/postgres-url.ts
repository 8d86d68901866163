/** Parameters that make our client of Postgres insist on TLS; unlike psql, it does so for `prefer`, too. */
const TLS: readonly (readonly [string, RegExp])[] = [
  ["sslmode", /^(?!disable$)./],
  ["ssl", /^(?:true|1)$/],
  ["sslrootcert", /./],
  ["sslcert", /./],
  ["sslnegotiation", /^direct$/],
];

/** Whether sessions of this URL are encrypted. */
export const encrypts = ({ searchParams }: URL): boolean =>
  TLS.some(([name, value]) => value.test(searchParams.get(name) ?? ""));
