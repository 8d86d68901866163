import type { Browser } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { LocalSlack } from "../../../local/slack/local-slack.ts";
import { startLocalSlack } from "../../../local/slack/server.ts";
import { type Keyboard, openBrowser, openKeyboard, WIDTHS, whyNoBrowser } from "../../helpers/browser.ts";

const PEOPLE = [
  { id: "U0ALICE", name: "alice", real_name: "Alice Adams" },
  { id: "U0BOB", name: "bob", real_name: "Bob Brown" },
];
const CHANNELS = [
  { id: "C0OPS", name: "ops" },
  { id: "C0SHOP", name: "shop" },
];
const LIST = "document.querySelector('main .scroller')";
const LAST = "document.querySelector('main .list').lastElementChild";

let browser: Browser;
let slack: LocalSlack;
let state: "ready" | "broken" | "busy";
beforeAll(async () => {
  if (whyNoBrowser() === undefined) browser = await openBrowser();
});
afterAll(() => browser?.close());
beforeEach(async () => {
  state = "ready";
  slack = await startLocalSlack({
    people: PEOPLE,
    channels: CHANNELS,
    panel: {
      title: "Break something",
      list: async () => [{ id: "disk", title: "Fill the disk", description: "A large file", state }],
      press: async () => {
        state = "busy";
        return { ok: true, text: "Done: it is full" };
      },
    },
  });
});
afterEach(() => slack.stop());

const call = async (method: string, body: object): Promise<string> => {
  const answer = await fetch(`${slack.apiUrl}${method}`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${slack.token}` },
    body: JSON.stringify({ channel: "C0OPS", ...body }),
  });
  const { ok, ts } = (await answer.json()) as { ok: boolean; ts: string };
  expect(ok).toBe(true);
  return ts;
};
const say = (text: string, more: object = {}) => call("chat.postMessage", { text, ...more });
const context = (at: number) => ({
  type: "context",
  elements: [{ type: "mrkdwn", text: `run #${at}` }],
});
const card = (title: string, buttons: readonly string[]) => [
  { type: "section", text: { type: "mrkdwn", text: title } },
  {
    type: "actions",
    block_id: "card",
    elements: buttons.map((name) => ({
      type: "button",
      action_id: `remedy:${name}`,
      text: { type: "plain_text", text: name },
      confirm: { title: { type: "plain_text", text: "Sure?" }, text: { type: "plain_text", text: title } },
    })),
  },
];

describe.skipIf(whyNoBrowser() !== undefined)(
  `the page in a browser${whyNoBrowser() === undefined ? "" : ` (${whyNoBrowser()})`}`,
  { timeout: 300_000 },
  () => {
    describe.each(WIDTHS)("%i pixels wide", (width) => {
      let person: Keyboard;
      beforeEach(async () => {
        person = await openKeyboard(browser, slack.url, width);
      });
      afterEach(async () => {
        expect(person.errors).toEqual([]);
        await person.page.close();
      });
      const shown = (text: string) => person.page.getByText(text, { exact: true }).last().waitFor();

      it("stays at the newest message, and where the person has scrolled to", async () => {
        for (let at = 1; at <= 60; at++)
          await say(`message ${at}`, { blocks: [...card(`message ${at}`, ["approve"]), context(at)] });
        // Come back to a full channel: it is shown at its end, and its height is no whole number of pixels.
        await person.page.reload();
        await shown("message 60");
        const isInSight = `${LAST}.getBoundingClientRect().bottom <= ${LIST}.getBoundingClientRect().bottom + 1`;
        for (const text of ["one more", "and another", "a last one"]) {
          await say(text);
          await shown(text);
          expect(await person.page.evaluate(isInSight)).toBe(true);
        }
        const top = "document.querySelector('[data-ts]').getBoundingClientRect().top";
        await person.page.evaluate(`${LIST}.scrollTop = -500`);
        const before = await person.page.evaluate<number>(top);
        await say("while reading above");
        await shown("while reading above");
        expect(Math.abs((await person.page.evaluate<number>(top)) - before)).toBeLessThan(2);
      });

      it("keeps the keyboard where it is when the page is drawn anew", async () => {
        const ts = await say("", { blocks: card("Remove old files", ["approve", "deny"]) });
        await shown("Remove old files");
        await person.tabTo("[data-action='remedy:deny']", "Shift+Tab");
        await call("chat.update", { ts, text: "", blocks: card("Remove older files", ["approve", "deny"]) });
        await shown("Remove older files");
        expect(await person.isOn("[data-action='remedy:deny']")).toBe(true);
        // Its button is gone: the keyboard stays at the message.
        await call("chat.update", { ts, text: "", blocks: card("Removed", ["undo"]) });
        await shown("Removed");
        expect(await person.isOn(`[data-ts='${ts}']`)).toBe(true);
      });

      it("asks before a dangerous button, with the keyboard inside the question", async () => {
        await say("", { blocks: card("Remove old files", ["approve"]) });
        await shown("Remove old files");
        await person.tabTo("[data-action='remedy:approve']", "Shift+Tab");
        await person.press("Enter");
        await person.sees("document.querySelector('[role=alertdialog]') !== null");
        for (let tabs = 0; tabs < 6; tabs++) {
          await person.press("Tab");
          expect(await person.page.evaluate("document.activeElement.closest('#root') === null")).toBe(true);
        }
        await person.press("Escape");
        await person.sees("document.querySelector('[role=alertdialog]') === null");
        expect(await person.isOn("[data-action='remedy:approve']")).toBe(true);
      });

      it("becomes another person by keyboard", async () => {
        if (width < 640) {
          await person.tabTo("main .unfold", "Shift+Tab");
          await person.press("Enter");
        }
        await person.tabTo(".you", "Shift+Tab");
        await person.press("Enter", "ArrowDown");
        await say("while the menu is open");
        await shown("while the menu is open");
        expect(await person.isOn("[data-person='U0BOB']")).toBe(true);
        await person.press("Enter");
        await person.sees("document.querySelector('.you b').textContent === 'Bob Brown'");
        if (width >= 640) expect(await person.isOn(".you")).toBe(true);
      });

      it("breaks something by keyboard and keeps it there while it works", async () => {
        if (width < 640) {
          await person.tabTo("main .unfold", "Shift+Tab");
          await person.press("Enter");
        }
        await person.tabTo("[data-panel='disk']", "Shift+Tab");
        await person.press("Enter");
        await shown("Done: it is full");
        expect(await person.isOn("[data-panel='disk'].busy")).toBe(true);
        state = "broken";
        slack.panelChanged();
        await person.sees("document.querySelector('[data-panel=disk].broken') !== null");
        expect(await person.isOn("[data-panel='disk']")).toBe(true);
      });

      it("opens a thread and closes it, and the keyboard goes along", async () => {
        const root = await say("a root");
        await say("a reply", { thread_ts: root });
        await shown("1 reply");
        await person.tabTo(".thread-bar", "Shift+Tab");
        await person.press("Enter");
        await shown("a reply");
        expect(await person.isOn(".thread .scroller")).toBe(true);
        await person.tabTo("[aria-label='Close thread']", "Shift+Tab");
        await person.press("Enter");
        await person.sees("document.querySelector('.thread').hidden");
        expect(await person.isOn(`[data-ts='${root}'] .thread-bar`)).toBe(true);
      });

      it("is no wider than its window", async () => {
        await say("", {
          blocks: card(`/a/very/long/path/${"without-a-blank/".repeat(12)}`, ["approve", "deny"]),
        });
        await shown("approve");
        const widest =
          "Math.max(...[...document.querySelectorAll('main, main .head, main article')].map((each) => each.getBoundingClientRect().right))";
        expect(await person.page.evaluate<number>(widest)).toBeLessThanOrEqual(width);
        expect(
          await person.page.evaluate<number>("document.documentElement.scrollWidth"),
        ).toBeLessThanOrEqual(width);
      });
    });

    it("folds the left side away on a narrow window, and back", async () => {
      const person = await openKeyboard(browser, slack.url, 390);
      const isOpen = () => person.page.locator(".sidebar").isVisible();
      expect(await isOpen()).toBe(false);
      expect(await person.page.evaluate("document.querySelector('main').getBoundingClientRect().width")).toBe(
        390,
      );
      await person.tabTo("main .unfold", "Shift+Tab");
      await person.press("Enter");
      await person.page.locator(".sidebar").waitFor();
      expect(await person.isOn(".sidebar .you")).toBe(true);
      await person.press("Escape");
      await person.page.locator(".sidebar").waitFor({ state: "hidden" });
      expect(await person.isOn("main .unfold")).toBe(true);
      await person.press("Enter");
      await person.tabTo("[data-focus='place C0SHOP']", "Shift+Tab");
      await person.press("Enter");
      await person.page.locator(".sidebar").waitFor({ state: "hidden" });
      await person.sees("document.querySelector('h1').textContent.includes('shop')");
      await person.page.locator("main .unfold").click();
      await person.page.locator(".shade").click({ position: { x: 380, y: 400 } });
      await person.page.locator(".sidebar").waitFor({ state: "hidden" });
      expect(person.errors).toEqual([]);
      await person.page.close();
    });
  },
);
