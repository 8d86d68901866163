const FACTORS: Readonly<Record<string, number>> = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  "": 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
};

/** `512Mi` as bytes, `250m` as cores, `12e3` as a number; null where it is no quantity of Kubernetes, or none is set. */
export function quantity(text: string | number | null | undefined): number | null {
  if (text === null || text === undefined) return null;
  const match =
    /^([+-]?[0-9]{1,30}(?:\.[0-9]{0,30})?)(?:[eE]([+-]?[0-9]{1,3})|([numkMGTPE]|[KMGTPE]i)?)$/.exec(
      String(text),
    );
  if (match === null) return null;
  const [, digits = "", exponent, unit = ""] = match;
  return Number(digits) * (exponent === undefined ? (FACTORS[unit] ?? 1) : 10 ** Number(exponent));
}
