import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { LiveFault } from "../../local/faults/fault.ts";
import { startTryout, type Tryout } from "../../local/tryout/tryout.ts";
import { type Keyboard, openBrowser, openKeyboard, WIDTHS, whyNoBrowser } from "../helpers/browser.ts";
import { builtProgram } from "../helpers/built.ts";
import { until } from "../helpers/until.ts";

const PATIENCE_MS = 120_000;
/** Each width breaks something of its own, so that neither waits for what the other has repaired. */
const FAULT_OF = { 1440: "blocked-checkout", 390: "forgotten-transaction" } as const;

/** The whole try-out in front of a person who has a keyboard and no mouse. */
describe.skipIf(whyNoBrowser() !== undefined)(
  `the try-out in a browser${whyNoBrowser() === undefined ? "" : ` (${whyNoBrowser()})`}`,
  () => {
    let folder: string;
    let tryout: Tryout;
    let browser: Browser;
    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), "diagbot-page-"));
      const built = await builtProgram();
      tryout = await startTryout({ folder, port: 0, socket: false, built, say: () => {} });
      browser = await openBrowser();
    });
    afterAll(async () => {
      await browser?.close();
      expect(await tryout?.stop()).toEqual([]);
      await rm(folder, { recursive: true, force: true });
    });

    const faultOf = (id: string): LiveFault => {
      const found = tryout.faults.find((fault) => fault.id === id);
      if (found === undefined) throw new Error(`no fault ${id}`);
      return found;
    };

    it.each(WIDTHS)("break, thread, another person, approve, verified: %i pixels wide", async (width) => {
      const fault = faultOf(FAULT_OF[width]);
      const person = await openKeyboard(browser, tryout.url, width);
      await openSidebar(person, width);
      await person.tabTo(`[data-panel='${fault.id}']`);
      await person.press("Enter");
      await person.sees(`document.querySelector("[data-panel='${fault.id}'].broken") !== null`);
      if (width < 640) await person.press("Escape");

      const thread = `[...document.querySelectorAll("main article")].filter((each) => /${fault.rule.alertname}/.test(each.textContent) && each.querySelector(".thread-bar")).at(-1)`;
      const ts = await person.sees<string>(`${thread}?.dataset.ts`);
      await person.tabTo(`[data-ts='${ts}'] .thread-bar`, "Shift+Tab");
      await person.press("Enter");
      const approve = ".thread [data-action='remedy:approve']";
      await person.sees(`document.querySelector("${approve}") !== null`);

      await openSidebar(person, width);
      await person.tabTo(".you", "Shift+Tab");
      await person.press("Enter", "Home", "ArrowDown", "Enter");
      await person.sees("document.querySelector('.you b').textContent === 'Bob Brown'");

      await person.tabTo(approve);
      await person.press("Enter");
      if (await person.page.locator("[role=alertdialog]").isVisible()) await person.press("Enter");
      // The card says that it is done and that the situation is better, and the run ends.
      await person.sees(`/✅[^]*[Vv]erified/.test(document.querySelector(".thread").textContent)`);
      await until(async () => !(await fault.symptom()), PATIENCE_MS);
      await person.page
        .getByText(/has ended/)
        .last()
        .waitFor({ timeout: PATIENCE_MS });
      expect(person.errors).toEqual([]);
      await person.page.close();
    });
  },
);

async function openSidebar(person: Keyboard, width: number): Promise<void> {
  if (width >= 640) return;
  await person.tabTo(".app:not(.with-thread) main .unfold, .thread .unfold", "Shift+Tab");
  await person.press("Enter");
  await person.page.locator(".sidebar").waitFor();
}
