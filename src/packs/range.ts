const COMPARATOR = /^(\^|~|>=|<=|>|<|=)?v?(\d+)(?:\.(\d+|[x*]))?(?:\.(\d+|[x*]))?$/;

type Triple = readonly [number, number, number];

/** Is a version within a range as npm writes it (`^0.1.0`, `~1.2`, `>=1 <3`, `1.x || 2.x`)? Undefined: it cannot be read. */
export function isInRange(version: string, range: string): boolean | undefined {
  const own = /^(\d+)\.(\d+)\.(\d+)/.exec(version);
  if (own === null) return undefined;
  const at: Triple = [Number(own[1]), Number(own[2]), Number(own[3])];
  const answers = range.split("||").map((all) => fitsAll(at, all.trim()));
  if (answers.includes(true)) return true;
  return answers.includes(undefined) ? undefined : false;
}

function fitsAll(at: Triple, comparators: string): boolean | undefined {
  if (/^[x*]?$/.test(comparators)) return true;
  const answers = comparators
    .replace(/([<>=^~])\s+/g, "$1")
    .split(/\s+/)
    .map((one) => fits(at, one));
  if (answers.includes(undefined)) return undefined;
  return answers.every((one) => one === true);
}

function fits(at: Triple, comparator: string): boolean | undefined {
  const parsed = COMPARATOR.exec(comparator);
  if (parsed === null) return undefined;
  const [, operator = "", ...written] = parsed;
  const numbers = written.map((part) => (part === undefined || /[x*]/.test(part) ? undefined : Number(part)));
  const [major = 0, minor, patch] = numbers;
  const low: Triple = [major, minor ?? 0, patch ?? 0];
  const isFrom = compare(at, low) >= 0;
  switch (operator) {
    case ">=":
      return isFrom;
    case "<":
      return !isFrom;
    case ">":
      return compare(at, after(numbers, 2)) >= 0;
    case "<=":
      return compare(at, after(numbers, 2)) < 0;
    case "^":
      return (
        isFrom &&
        compare(
          at,
          after(
            numbers,
            numbers.findIndex((part) => part !== 0),
          ),
        ) < 0
      );
    case "~":
      return isFrom && compare(at, after(numbers, 1)) < 0;
    default:
      return isFrom && compare(at, after(numbers, 2)) < 0;
  }
}

/** The first version beyond those that begin with the first written numbers, up to that one. */
function after(numbers: readonly (number | undefined)[], upTo: number): Triple {
  const written = numbers.indexOf(undefined);
  const last = Math.min(upTo < 0 ? 2 : upTo, written < 0 ? 2 : written - 1);
  const [major = 0, minor = 0, patch = 0] = numbers;
  if (last <= 0) return [major + 1, 0, 0];
  return last === 1 ? [major, minor + 1, 0] : [major, minor, patch + 1];
}

const compare = (a: Triple, b: Triple): number => a[0] - b[0] || a[1] - b[1] || a[2] - b[2];
