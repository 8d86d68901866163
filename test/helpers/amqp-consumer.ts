import { connect, type Socket } from "node:net";
import { until } from "./until.ts";

/** What a consumer does with each message. */
export type Habit = "ack" | "hold" | "requeue";

export interface Consumer {
  /** Messages that were delivered to it. */
  readonly delivered: () => number;
  close(): void;
}

const short = (value: number): Buffer => Buffer.from([value >> 8, value & 255]);
const long = (value: number): Buffer =>
  Buffer.from([value >>> 24, (value >> 16) & 255, (value >> 8) & 255, value & 255]);
const text = (value: string): Buffer => Buffer.concat([Buffer.from([value.length]), Buffer.from(value)]);
const longText = (value: string): Buffer => Buffer.concat([long(value.length), Buffer.from(value)]);
const method = (group: number, id: number, ...parts: Buffer[]): Buffer =>
  Buffer.concat([short(group), short(id), ...parts]);
const frame = (channel: number, payload: Buffer): Buffer =>
  Buffer.concat([Buffer.from([1]), short(channel), long(payload.length), payload, Buffer.from([0xce])]);

/**
 * A consumer in plain AMQP 0-9-1, as far as tests need one: it takes from one queue, one message at a time, and acknowledges it,
 * keeps it, or gives it back at once.
 */
export async function consume(
  port: number,
  password: string,
  queue: string,
  habit: Habit,
  vhost = "/",
): Promise<Consumer> {
  const socket = connect(port, "127.0.0.1");
  socket.on("error", () => {});
  let delivered = 0;
  let isReady = false;
  const say = (channel: number, payload: Buffer) => socket.write(frame(channel, payload));
  const answers: Record<string, (payload: Buffer) => void> = {
    "10.10": () =>
      say(0, method(10, 11, long(0), text("PLAIN"), longText(`\0diagbot\0${password}`), text("en_US"))),
    "10.30": () => {
      say(0, method(10, 31, short(10), long(131_072), short(0)));
      say(0, method(10, 40, text(vhost), text(""), Buffer.from([0])));
    },
    "10.41": () => say(1, method(20, 10, text(""))),
    "20.11": () => say(1, method(60, 10, long(0), short(1), Buffer.from([0]))),
    "60.11": () => say(1, method(60, 20, short(0), text(queue), text(""), Buffer.from([0]), long(0))),
    "60.21": () => {
      isReady = true;
    },
    "60.60": (payload) => {
      delivered += 1;
      const at = 5 + (payload[4] ?? 0);
      const tag = payload.subarray(at, at + 8);
      if (habit === "ack") say(1, method(60, 80, tag, Buffer.from([0])));
      if (habit === "requeue") say(1, method(60, 120, tag, Buffer.from([2])));
    },
  };
  readFrames(socket, (payload) =>
    answers[`${payload.readUInt16BE(0)}.${payload.readUInt16BE(2)}`]?.(payload),
  );
  socket.write(Buffer.from([65, 77, 81, 80, 0, 0, 9, 1]));
  await until(() => isReady);
  return { delivered: () => delivered, close: () => socket.destroy() };
}

/** Method frames only; headers and bodies of messages are passed over. */
function readFrames(socket: Socket, take: (payload: Buffer) => void): void {
  let buffer = Buffer.alloc(0);
  socket.on("data", (chunk: Buffer) => {
    buffer = Buffer.concat([buffer, chunk]);
    while (buffer.length >= 7) {
      const size = buffer.readUInt32BE(3);
      if (buffer.length < size + 8) return;
      if (buffer[0] === 1) take(buffer.subarray(7, 7 + size));
      buffer = buffer.subarray(size + 8);
    }
  });
}
