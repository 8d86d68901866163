// Takes docs/images/thread.png anew from a running demo: node scripts/thread-picture.mjs <url of the demo>
// Breaks the first thing of the panel, opens the thread, and waits for the remedy that asks for approval.
// Needs Chromium (CHROMIUM=/path, default /usr/bin/chromium).

import { chromium } from "playwright-core";

const [url] = process.argv.slice(2);
if (url === undefined) throw new Error("node scripts/thread-picture.mjs <url of the demo>");
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox"],
});
try {
  const page = await browser.newPage({ viewport: { width: 1360, height: 1100 } });
  page.setDefaultTimeout(120_000);
  await page.goto(url);
  await page.getByRole("button", { name: "Break", exact: true }).first().click();
  await page
    .getByText(/\d+ repl(y|ies)/)
    .last()
    .click();
  await page.getByRole("button", { name: "Approve" }).last().waitFor();
  await page.getByText("For a person to do").last().waitFor();
  await page.screenshot({ path: "docs/images/thread.png" });
} finally {
  await browser.close();
}
