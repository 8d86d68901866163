import { setTimeout as pause } from "node:timers/promises";
import type { Settings } from "../options.ts";
import { APP, TEAM } from "../state/identity.ts";
import type { Workspace } from "../state/workspace.ts";
import type { LocalMessage } from "../types.ts";
import { wireMessage } from "../wire.ts";
import type { Delivery } from "./deliver.ts";
import { HttpRefusal } from "./http.ts";

type Event = Readonly<Record<string, unknown>> & { readonly type: string };

/** Tells the app what happens, as the Events API does: at least once, with up to three more attempts. */
export class Events {
  private readonly settings: Settings;
  private readonly workspace: Workspace;
  private readonly delivery: Delivery;
  private readonly stopping = new AbortController();

  constructor(settings: Settings, workspace: Workspace, delivery: Delivery) {
    this.settings = settings;
    this.workspace = workspace;
    this.delivery = delivery;
  }

  private envelope(event: Event) {
    const { clock } = this.workspace;
    return {
      token: "legacy",
      team_id: TEAM.id,
      context_team_id: TEAM.id,
      context_enterprise_id: null,
      api_app_id: APP.id,
      event,
      type: "event_callback",
      event_id: clock.id("Ev"),
      event_time: Math.floor(clock.now() / 1000),
      is_ext_shared_channel: false,
      authorizations: [
        {
          enterprise_id: null,
          team_id: TEAM.id,
          user_id: APP.userId,
          is_bot: true,
          is_enterprise_install: false,
        },
      ],
    };
  }

  /** Delivers an event the app is subscribed to. Resolves after the first attempt, whatever came of it. */
  async emit(event: Event): Promise<void> {
    if (!this.settings.events.has(event.type) || !this.delivery.reachable) return;
    const payload = this.envelope(event);
    try {
      await this.delivery.deliver("events_api", payload);
    } catch (error) {
      void this.again(payload, error);
    }
  }

  private async again(payload: ReturnType<Events["envelope"]>, first: unknown): Promise<void> {
    let failure = first;
    for (const [index, delayMs] of this.settings.eventRetryDelaysMs.entries()) {
      if (failure instanceof HttpRefusal && failure.noRetry) return;
      const waited = await pause(delayMs, true, { signal: this.stopping.signal, ref: false }).catch(
        () => false,
      );
      if (!waited || this.stopping.signal.aborted) return;
      const reason = failure instanceof HttpRefusal ? "http_error" : "http_timeout";
      try {
        await this.delivery.deliver("events_api", payload, { number: index + 1, reason });
        return;
      } catch (error) {
        failure = error;
      }
    }
  }

  private place(message: LocalMessage) {
    const channel = this.workspace.directory.channel(message.channel);
    return { channel: message.channel, channel_type: channel.is_im === true ? "im" : "channel" };
  }

  /** A new message, the app's own included: Slack tells an app about those too. */
  posted(message: LocalMessage): Promise<void> {
    const shown = wireMessage(this.workspace, message);
    return this.emit({ ...shown, type: "message", ...this.place(message), event_ts: message.ts });
  }

  changed(message: LocalMessage, previous: LocalMessage): Promise<void> {
    const ts = message.edited?.ts ?? message.ts;
    const shown = wireMessage(this.workspace, message);
    const before = wireMessage(this.workspace, previous);
    const what = { subtype: "message_changed", message: shown, previous_message: before, hidden: true };
    return this.emit({ type: "message", ...what, ...this.place(message), ts, event_ts: ts });
  }

  removed(message: LocalMessage): Promise<void> {
    const ts = this.workspace.clock.timestamp();
    const what = {
      subtype: "message_deleted",
      previous_message: wireMessage(this.workspace, message),
      hidden: true,
    };
    return this.emit({
      type: "message",
      ...what,
      ...this.place(message),
      deleted_ts: message.ts,
      ts,
      event_ts: ts,
    });
  }

  /** No further attempts. */
  stop(): void {
    this.stopping.abort();
  }
}
