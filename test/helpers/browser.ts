import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { type Browser, chromium, type Page } from "playwright-core";
import { until } from "./until.ts";

const NAMES = ["chromium", "chromium-browser", "google-chrome"];
/** A press of Tab that does not arrive after so many has lost its way. */
const MOST_TABS = 250;
/** For a page on a machine that does a lot besides. */
const PATIENCE_MS = 60_000;

/** The widths the page is made for, in pixels. */
export const WIDTHS = [1440, 390] as const;

const programs = (): string[] =>
  (process.env.PATH ?? "").split(delimiter).flatMap((folder) => NAMES.map((name) => join(folder, name)));

const isProgram = (path: string): boolean => {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
};

/** Why there is no browser for tests; undefined: there is. */
export const whyNoBrowser = (): string | undefined =>
  programs().some(isProgram) ? undefined : "no Chromium on the PATH (Debian: apt-get install chromium)";

/** A headless Chromium of its own. */
export const openBrowser = (): Promise<Browser> =>
  chromium.launch({
    executablePath: programs().find(isProgram) ?? "chromium",
    // Root has no sandbox, and containers have a small /dev/shm.
    args: ["--no-sandbox", "--disable-dev-shm-usage"],
    timeout: PATIENCE_MS,
  });

/** A person in front of the page who has a keyboard and no mouse. */
export interface Keyboard {
  readonly page: Page;
  /** What the browser threw or logged as an error; a test expects none. */
  readonly errors: readonly string[];
  press(...keys: readonly string[]): Promise<void>;
  /** Presses Tab until the element of that CSS selector has the focus. */
  tabTo(selector: string, how?: "Tab" | "Shift+Tab"): Promise<void>;
  /** Does the element that has the focus match? */
  isOn(selector: string): Promise<boolean>;
  /** Evaluates an expression in the page until it is truthy; resolves with its value. */
  sees<T>(expression: string): Promise<T>;
}

/** Opens an address in a window of that width. */
export async function openKeyboard(browser: Browser, url: string, width: number): Promise<Keyboard> {
  const page = await browser.newPage({ viewport: { width, height: 844 } });
  page.setDefaultTimeout(PATIENCE_MS);
  const errors: string[] = [];
  page.on("pageerror", (error) => void errors.push(error.message));
  page.on("console", (message) => void (message.type() === "error" && errors.push(message.text())));
  await page.goto(url);
  await page.locator(".app .head").first().waitFor();
  const isOn = (selector: string) =>
    page.evaluate<boolean>(`document.activeElement.matches(${JSON.stringify(selector)})`);
  return {
    page,
    errors,
    isOn,
    press: async (...keys) => {
      for (const key of keys) await page.keyboard.press(key);
    },
    tabTo: async (selector, how = "Tab") => {
      for (let pressed = 0; pressed < MOST_TABS; pressed++) {
        if (await isOn(selector)) return;
        await page.keyboard.press(how);
      }
      throw new Error(`${how} does not lead to ${selector}`);
    },
    sees: <T>(expression: string) =>
      until(() => page.evaluate<T>(expression), PATIENCE_MS) as unknown as Promise<T>,
  };
}
