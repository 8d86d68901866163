import type { Changes } from "./state/changes.ts";
import type { Panel, PanelEntry } from "./types.ts";

/** What the panel showed last: the host is asked when it says so or a button was pressed, not at every redraw. */
export class PanelBoard {
  private readonly panel: Panel | undefined;
  private readonly changes: Changes;
  private known: readonly PanelEntry[] = [];

  constructor(panel: Panel | undefined, changes: Changes) {
    this.panel = panel;
    this.changes = changes;
  }

  /** Undefined when the host gave no panel. */
  get shown(): { readonly title: string; readonly entries: readonly PanelEntry[] } | undefined {
    return this.panel === undefined ? undefined : { title: this.panel.title, entries: this.known };
  }

  /** Asks the host again; what it listed before stays when it cannot say. */
  async refresh(): Promise<void> {
    if (this.panel === undefined) return;
    this.known = await this.panel.list().catch(() => this.known);
    this.changes.touch();
  }

  /** Presses one button; a host that throws is an answer too. Undefined when there is no panel. */
  async press(id: string): Promise<{ readonly ok: boolean; readonly text: string } | undefined> {
    const answer = await this.panel?.press(id).catch((error: Error) => ({ ok: false, text: error.message }));
    await this.refresh();
    return answer;
  }
}
