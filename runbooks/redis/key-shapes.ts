import { count, type Finding, type redis, rows, sayBytes, sayPercent } from "../../src/sdk/index.ts";

type Prefix = redis.KeySample["prefixes"][number];

/** With fewer such keys their signs are chance. */
const ENOUGH = 30;

/**
 * Keys that end in Python's hash() of something (trap py-hash): signed numbers of 64 bits, about half of them negative, which ids and
 * times never are. Another process makes another key of the same question, so none finds what another stored.
 */
export function processKeys(keys: redis.KeySample): Finding<"stableKeys"> | undefined {
  const found = keys.prefixes.filter(
    ({ hashed, negative }) => hashed >= ENOUGH && negative >= hashed * 0.3 && negative <= hashed * 0.7,
  );
  const [worst] = found.toSorted((a, b) => b.hashed - a.hashed);
  return (
    worst && {
      id: "process-keys",
      severity: "warning",
      title: `Keys of ${worst.prefix} look like Python's hash(): other processes cannot find them`,
      because: `${worst.hashed} of ${worst.keys} looked at end in a number of 64 bits with a sign, ${worst.negative} of them negative. hash() of a text is salted anew in every process: each worker, and each restart, stores the same again under another name.`,
      evidence: [
        rows("", found, {
          prefix: (one) => one.prefix,
          keys: (one) => one.keys,
          hashed: (one) => one.hashed,
          negative: (one) => one.negative,
        }),
      ],
      explains: ["low-hit-rate"],
      remedies: ["stableKeys"],
    }
  );
}

export const STABLE_KEYS = [
  "Use a digest that is the same everywhere",
  "low",
  "`hashlib.sha256(json.dumps(query, sort_keys=True).encode()).hexdigest()` in place of `hash(query)`, with a version in the prefix so that the old keys are not asked for: they end by their TTL. Setting PYTHONHASHSEED would make the workers agree until the next version of Python, and takes the protection against collisions away. To see that it holds: two processes print the same key for the same question.",
] as const;

/** What a key costs besides its value (dictionary entry, object, name), as MEMORY USAGE shows it of small ones. */
const OVERHEAD = 56;
const SMALL = 200;
const MANY = 10_000;

/** Many small strings whose upkeep takes more than what is in them: a hash of the same holds them in a fraction. */
export function smallStrings(keys: redis.KeySample): Finding<"useHashes"> | undefined {
  const scale = keys.looked === 0 ? 0 : keys.keys / keys.looked;
  const perKey = ({ bytes, keys: n }: Prefix) => bytes / Math.max(1, n);
  const found = keys.prefixes.filter(
    (one) =>
      one.strings >= one.keys * 0.9 &&
      one.keys * scale >= MANY &&
      perKey(one) <= SMALL &&
      one.bytes >= keys.bytes * 0.1,
  );
  const [worst] = found.toSorted((a, b) => b.bytes - a.bytes);
  return (
    worst && {
      id: "small-strings",
      severity: "info",
      title: `About ${count(Math.round(worst.keys * scale), "small string")} of ${worst.prefix}, ${sayBytes(perKey(worst))} each`,
      because: `About ${sayPercent(Math.min(1, OVERHEAD / perKey(worst)))} of each is the upkeep of a key of its own (looked at ${keys.looked} of ${keys.keys} keys). Kept as fields of hashes of a hundred or so they take a fraction, as long as the hashes stay listpacks.`,
      evidence: [
        rows("", found, {
          prefix: (one) => one.prefix,
          keys: (one) => one.keys,
          "each, bytes": (one) => Math.round(perKey(one)),
          encodings: (one) =>
            Object.entries(one.encodings)
              .toSorted((a, b) => b[1] - a[1])
              .map(([name, n]) => `${name} ${n}`)
              .join(", ") || "not known",
        }),
      ],
      remedies: ["useHashes"],
    }
  );
}

export const USE_HASHES = [
  "Keep them as fields of hashes",
  "low",
  "One hash per object (`HSET user:42 name … mail …` in place of a key for each field), or buckets (`HSET user:42 17 …` for id 4217). Below `hash-max-listpack-entries` (128; 512 before Redis 7.2) and `hash-max-listpack-value` (64 bytes) a hash is one packed block; beyond it is a table again. A TTL is of the whole hash (of single fields since Redis 7.4). Measure before: `MEMORY USAGE` of one of the old and of the new kind.",
] as const;
