import { expect, it } from "vitest";
import { drawThread } from "../../../src/thread/draw/thread.ts";
import { incident, NOW, run, thread } from "../../make/views.ts";

const head = (view: ReturnType<typeof thread>, system: string) => {
  const links = (id: string) =>
    id === system ? [{ label: "Dashboard", url: "https://g.acme.com/d/x?to={to}" }] : [];
  return JSON.stringify(drawThread(view, { now: NOW, people: [], links })[0]?.blocks);
};

it("the first message of an incident and of a run has the pages of its system, and of no other", () => {
  const { system = "" } = incident();
  const alerted = thread([], { incident: incident() });
  expect(head(alerted, system)).toContain("https://g.acme.com/d/x?to=");
  expect(head(alerted, "another")).not.toContain("g.acme.com");
  const asked = thread([run()]);
  expect(head(asked, run().system)).toContain("Dashboard (g.acme.com)");
});
