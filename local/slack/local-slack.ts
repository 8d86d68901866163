import type { Server } from "node:http";
import type { Option } from "@slack/types";
import type { Backstage } from "./backstage.ts";
import type { FieldInput } from "./blocks/values.ts";
import { signed } from "./deliver/sign.ts";
import type { Fault } from "./faults.ts";
import type { Log } from "./log.ts";
import { act } from "./person/act.ts";
import { command } from "./person/command.ts";
import { suggest } from "./person/suggest.ts";
import { type At, messageSurface, viewSurface } from "./person/surface.ts";
import { openHome, say } from "./person/talk.ts";
import { close, type FormInput, submit } from "./person/view.ts";
import type {
  Ack,
  DeliveryType,
  LocalCall,
  LocalChannel,
  LocalDelivery,
  LocalFile,
  LocalMessage,
  LocalView,
  ViewAck,
} from "./types.ts";
import { waitUntil } from "./wait.ts";

/** Tells elements with one action_id apart. */
export interface Which {
  readonly blockId?: string;
}

/** A running local Slack: what its people see, what they do, and what goes wrong. */
export class LocalSlack {
  /** The page, and the root of everything else. */
  readonly url: string;
  /** What `SLACK_API_URL` (slackApiUrl) is set to. */
  readonly apiUrl: string;
  readonly token: string;
  readonly appToken: string;
  readonly signingSecret: string;
  /** What goes wrong with the next calls of the Web API. */
  readonly faults: { add(fault: Fault): void; clear(): void };
  private readonly backstage: Backstage;
  private readonly log: Log<LocalDelivery>;
  private readonly server: Server;

  constructor(backstage: Backstage, deliveries: Log<LocalDelivery>, server: Server, url: string) {
    this.backstage = backstage;
    this.log = deliveries;
    this.server = server;
    this.url = url;
    this.apiUrl = `${url}/api/`;
    this.token = backstage.settings.token;
    this.appToken = backstage.settings.appToken;
    this.signingSecret = backstage.settings.signingSecret;
    this.faults = backstage.faults;
  }

  /** Where commands, interactivity and events are POSTed while no socket is connected. */
  get requestUrl(): string | undefined {
    return this.backstage.delivery.requestUrl;
  }
  set requestUrl(url: string | undefined) {
    this.backstage.delivery.requestUrl = url;
    this.backstage.workspace.changes.touch();
  }

  /** A channel is like this from now on: archived, shared, without the bot. */
  setChannel(channel: LocalChannel): void {
    this.backstage.workspace.directory.put(channel);
    this.backstage.workspace.changes.touch();
  }

  /** What a channel shows (no replies), or with `thread` that thread: its root first, then the replies. */
  messages(channel: string, options: { thread?: string } = {}): LocalMessage[] {
    const { directory, messages } = this.backstage.workspace;
    const { id } = directory.channel(channel);
    if (options.thread === undefined) return messages.channel(id);
    const root = messages.find(id, options.thread);
    return [...(root === undefined ? [] : [root]), ...messages.replies(id, options.thread)];
  }

  /** What only this person sees, Slackbot's notices included. */
  ephemerals(user: string): LocalMessage[] {
    return this.backstage.workspace.messages.ephemerals(user);
  }

  files(): LocalFile[] {
    return this.backstage.workspace.files.list();
  }

  /** The modal in front of a person. */
  view(user: string): LocalView | undefined {
    return this.backstage.workspace.views.top(user);
  }

  /** The home tab the app published for a person. */
  home(user: string): LocalView | undefined {
    return this.backstage.workspace.views.home(user);
  }

  /** Calls of the Web API so far, oldest first. */
  get calls(): readonly LocalCall[] {
    return this.backstage.calls.all();
  }

  /** Attempts to hand something to the app so far, oldest first. */
  get deliveries(): readonly LocalDelivery[] {
    return this.log.all();
  }

  /** How many sockets are connected. */
  get connected(): number {
    return this.backstage.sockets.connected;
  }

  /** Types a slash command. Rejects with `PersonSees` (`operation_timeout` …), which Slackbot tells the person too. */
  command(user: string, channel: string, name: string, text = ""): Promise<Ack> {
    return command(this.backstage, user, channel, name, text);
  }

  /** Presses a button of a message; `value` tells buttons with one action_id apart (in a menu: chooses that option). */
  async click(
    user: string,
    at: At,
    actionId: string,
    options: Which & { value?: FieldInput } = {},
  ): Promise<Ack> {
    const surface = messageSurface(this.backstage.workspace, user, at);
    return act(this.backstage, user, surface, { actionId, blockId: options.blockId, input: options.value });
  }

  /** Chooses from the "…" menu of a message. */
  openOverflow(user: string, at: At, actionId: string, option: string, which: Which = {}): Promise<Ack> {
    return this.click(user, at, actionId, { ...which, value: option });
  }

  /** Presses a button of the modal in front (or the home tab). */
  async clickInView(user: string, actionId: string, options: Which & { value?: string } = {}): Promise<Ack> {
    const surface = viewSurface(this.backstage.workspace, user);
    return act(this.backstage, user, surface, { actionId, blockId: options.blockId, input: options.value });
  }

  /** Chooses an option, or fills an input, of the modal in front (or the home tab); the app hears of it if the block dispatches. */
  async selectInView(user: string, actionId: string, option: FieldInput, which: Which = {}): Promise<Ack> {
    const surface = viewSurface(this.backstage.workspace, user);
    return act(this.backstage, user, surface, { actionId, blockId: which.blockId, input: option });
  }

  /** Types into an external select of the view in front, or of a message; resolves with what the app offers. */
  async suggest(user: string, actionId: string, text: string, at?: At): Promise<readonly Option[]> {
    const { workspace } = this.backstage;
    const surface = at === undefined ? viewSurface(workspace, user) : messageSurface(workspace, user, at);
    return suggest(this.backstage, user, surface, { actionId }, text);
  }

  /** Fills in and submits the modal in front. What Slack itself refuses comes back as `errors` without asking the app. */
  submit(user: string, form: FormInput = {}): Promise<ViewAck> {
    return submit(this.backstage, user, form);
  }

  /** Closes the modal in front; with `all` every one. */
  close(user: string, options: { all?: boolean } = {}): Promise<void> {
    return close(this.backstage, user, options.all ?? false);
  }

  /** Writes a message, mrkdwn as Slack sends it. Resolves once the app was told. */
  say(user: string, channel: string, text: string, thread?: string): Promise<LocalMessage> {
    return say(this.backstage, user, channel, text, thread);
  }

  /** Opens the app's home tab. Resolves once the app was told. */
  openHome(user: string): Promise<void> {
    return openHome(this.backstage, user);
  }

  /** Hands a payload of one's own to the app, signed as Slack's: for forged, repeated and malformed ones. */
  deliver(type: DeliveryType, payload: Readonly<Record<string, unknown>>): Promise<Ack> {
    return this.backstage.delivery.deliver(type, payload);
  }

  /** The signature headers of a request body, as Slack would send them at `atSeconds` (default: now). */
  sign(body: string, atSeconds = Math.floor(this.backstage.settings.now() / 1000)): Record<string, string> {
    return signed(body, this.signingSecret, atSeconds);
  }

  /** Asks every client to reconnect; Slack does every few hours. */
  disconnectSockets(reason = "refresh_requested"): void {
    this.backstage.sockets.disconnect(reason);
  }

  /** Sends a text over every socket, whatever it is. */
  sendRawFrame(text: string): void {
    this.backstage.sockets.sendRaw(text);
  }

  /** Breaks every socket without a word. */
  cutSockets(): void {
    this.backstage.sockets.cut();
  }

  /** What the panel lists has changed: the host is asked again and the page shows it. */
  panelChanged(): void {
    void this.backstage.panel.refresh();
  }

  /** Looks at each change until `look` returns something; rejects after `timeoutMs` with the latest calls and deliveries. */
  waitFor<T>(look: (slack: LocalSlack) => T | undefined | false, timeoutMs = 60_000): Promise<T> {
    return waitUntil(
      this.backstage.workspace.changes,
      () => look(this),
      timeoutMs,
      () => {
        const calls = this.calls.slice(-12).map((call) => `  ${call.method} ${call.ok ? "ok" : call.error}`);
        const handed = this.deliveries
          .slice(-6)
          .map((each) => `  ${each.type} over ${each.via}: ${each.error ?? "ok"}`);
        return [
          `not seen within ${timeoutMs} ms; the app last called`,
          ...calls,
          "and was last told",
          ...handed,
        ].join("\n");
      },
    );
  }

  /** Closes the sockets, then the server. Idempotent. */
  async stop(): Promise<void> {
    this.backstage.events.stop();
    await this.backstage.sockets.stop();
    if (!this.server.listening) return;
    const closed = new Promise<void>((resolve) => this.server.close(() => resolve()));
    this.server.closeAllConnections();
    await closed;
  }
}
