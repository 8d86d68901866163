import { once } from "node:events";
import { Readable } from "node:stream";
import type { Told } from "../core/ports/escalation-store.ts";
import type { Webhook } from "../core/words/webhook.ts";
import { type News, textOf } from "./news.ts";

type Hook = Extract<Webhook, { kind: "smtp" }>;

/**
 * Mails it once. What surely was not taken is tried again where it may pass (4xx, no connection); a text that may have been taken
 * is never sent twice. Whether it was begun is seen from its own reading: the library's errors do not tell.
 */
export async function mail(hook: Hook, news: News, timeoutMs: number): Promise<Told> {
  const { url, from, to } = hook;
  const text = await written(hook, news);
  let began = false;
  const body = new Readable({
    read() {
      began = true;
      this.push(text);
      this.push(null);
    },
  });
  const { hostname, port, protocol, username, password } = new URL(url);
  const { default: SMTPConnection } = await import("nodemailer/lib/smtp-connection");
  const connection = new SMTPConnection({
    host: hostname.replace(/^\[|\]$/g, ""),
    port: port === "" ? (protocol === "smtps:" ? 465 : 587) : Number(port),
    secure: protocol === "smtps:",
    connectionTimeout: timeoutMs,
    greetingTimeout: timeoutMs,
    socketTimeout: timeoutMs,
    // A password never goes in clear to another machine.
    requireTLS: username !== "" && !isLoopback(hostname),
  });
  const failed = once(connection, "error").then(([error]: unknown[]) => {
    throw error;
  });
  failed.catch(() => {});
  const step = <T>(work: (done: (error: Error | null | undefined, value?: T) => void) => void): Promise<T> =>
    Promise.race([
      failed,
      new Promise<T>((resolve, reject) =>
        work((error, value) => (error ? reject(error) : resolve(value as T))),
      ),
    ]);
  try {
    await step((done) => connection.connect(done));
    if (username !== "")
      await step((done) =>
        connection.login(
          { credentials: { user: decodeURIComponent(username), pass: decodeURIComponent(password) } },
          done,
        ),
      );
    const sent = await step<{ response?: string; rejected?: readonly string[] }>((done) =>
      connection.send({ from, to: [...to] }, body, done),
    );
    const refused = sent.rejected?.length ?? 0;
    const said = `${sent.response ?? "taken"}${refused > 0 ? `; ${refused} of ${to.length} addresses were refused` : ""}`;
    return { state: "sent", said: said.slice(0, 200) };
  } catch (thrown) {
    return failureOf(thrown, began);
  } finally {
    connection.close();
  }
}

const isLoopback = (host: string): boolean => /^(?:localhost|127\..*|\[::1\])$/.test(host);

/** The whole mail, its lines folded and its words encoded; nothing in a title or a finding begins a header. */
async function written({ from, to }: Hook, news: News): Promise<Buffer> {
  // Most processes never mail.
  const { createTransport } = await import("nodemailer");
  const composer = createTransport({ streamTransport: true, buffer: true, newline: "windows" });
  const { message } = await composer.sendMail({
    from: { name: "diagbot", address: from },
    to: [...to],
    subject: `[diagbot] ${news.title} on ${news.system}`.slice(0, 200),
    text: textOf(news),
    messageId: `<${news.key}-${news.event}@diagbot>`,
    headers: { "Auto-Submitted": "auto-generated", "X-Diagbot-Incident": String(news.incident) },
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  return Buffer.isBuffer(message) ? message : Buffer.from(String(message));
}

function failureOf(thrown: unknown, began: boolean): Told {
  const { code, responseCode, response } = thrown as {
    code?: string;
    responseCode?: number;
    response?: string;
  };
  const said = response === undefined ? `no answer: ${code ?? "error"}` : response.slice(0, 200);
  if (responseCode !== undefined) return { state: responseCode < 500 ? "again" : "failed", said };
  if (code === "EAUTH" || code === "ENOAUTH" || code === "ETLS") return { state: "failed", said };
  return { state: began ? "unknown" : "again", said };
}
