// The wire format of io.prometheus.client (metrics.proto), as far as one histogram needs it.

function varint(value: bigint): Buffer {
  const bytes: number[] = [];
  let rest = value;
  do {
    bytes.push(Number(rest & 127n) | (rest > 127n ? 128 : 0));
    rest >>= 7n;
  } while (rest > 0n);
  return Buffer.from(bytes);
}
const key = (field: number, wire: number): Buffer => varint(BigInt(field * 8 + wire));
const number = (field: number, value: number): Buffer =>
  Buffer.concat([key(field, 0), varint(BigInt(value))]);
const signed = (field: number, value: number): Buffer =>
  number(field, value >= 0 ? value * 2 : -value * 2 - 1);
const part = (field: number, ...parts: Buffer[]): Buffer => {
  const body = Buffer.concat(parts);
  return Buffer.concat([key(field, 2), varint(BigInt(body.length)), body]);
};
const text = (field: number, value: string): Buffer => part(field, Buffer.from(value));
function double(field: number, value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleLE(value);
  return Buffer.concat([key(field, 1), bytes]);
}

/** A metrics page with one native histogram: so many requests, each of so many seconds; eight buckets per doubling (schema 3). */
export function nativeHistogram(name: string, count: number, seconds: number): Buffer {
  const bucket = Math.ceil(Math.log2(seconds) * 8);
  const span = part(12, signed(1, bucket), number(2, 1));
  const histogram = part(
    7,
    ...[number(1, count), double(2, count * seconds), signed(5, 3), double(6, 1e-128), number(7, 0)],
    span,
    part(13, varint(BigInt(count * 2))),
  );
  const family = Buffer.concat([text(1, name), text(2, "x"), number(3, 4), part(4, histogram)]);
  return Buffer.concat([varint(BigInt(family.length)), family]);
}
