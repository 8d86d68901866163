import { describe, expect, it } from "vitest";
import { z } from "zod";
import { checkView } from "../../../../local/slack/limits/check.ts";
import { errorsAtFields, readForm } from "../../../../src/ingress/slack/form/read.ts";
import { formView } from "../../../../src/ingress/slack/form/view.ts";
import { makeSystem } from "../../../make/system.ts";
import { bookOf, catalogOf, none } from "../fixtures.ts";

const rich = bookOf({
  id: "rich",
  title: "A <!channel> title".repeat(20),
  params: z.object({
    minutes: z.int().min(1).default(10).describe("x".repeat(500)),
    ratio: z.number().optional(),
    deep: z.boolean().default(true),
    order: z.enum(["a", "b"]).default("b"),
    long: z.enum(["y".repeat(90), "z"]).default("z"),
    names: z.array(z.string()).default(["p", "q"]),
  }),
});

describe("the form", () => {
  const catalog = catalogOf({
    runbooks: [rich, bookOf({ id: "needs-redis", params: none, needs: ["redis"] })],
  });

  it("grows with what is chosen and stays within Slack's limits", () => {
    const at = (state: { system?: string; runbook?: string }) =>
      formView(catalog, { channel: "C0", ...state });
    expect(at({}).blocks).toHaveLength(1);
    expect(at({ system: "checkout" }).blocks).toHaveLength(2);
    expect(at({ system: "checkout", runbook: "rich" }).blocks).toHaveLength(8);
    expect(at({ system: "checkout", runbook: "needs-redis" }).blocks).toHaveLength(2);
    expect(at({ system: "gone", runbook: "rich" }).blocks).toHaveLength(1);
    for (const state of [{}, { system: "checkout" }, { system: "checkout", runbook: "rich" }]) {
      expect(() => checkView(at(state))).not.toThrow();
      expect(JSON.stringify(at(state))).not.toMatch(/<!/);
    }
  });

  it("copes with no systems and with more than Slack lists at once", () => {
    expect(() => checkView(formView({ ...catalog, systems: [] }, { channel: "C0" }))).not.toThrow();
    const systems = Array.from({ length: 250 }, (_, n) => makeSystem(`system-${n}`, {}));
    const view = formView({ ...catalog, systems }, { channel: "C0", system: "system-240" });
    expect(() => checkView(view)).not.toThrow();
    expect(JSON.stringify(view.blocks[0])).toContain(
      '"initial_option":{"text":{"type":"plain_text","text":"system-240"',
    );
  });

  it("is read back as typed words of the chosen system and runbook only", () => {
    const select = (value: string) => ({ x: { type: "static_select", selected_option: { value } } });
    const form = readForm({
      private_metadata: JSON.stringify({ channel: "C0" }),
      state: {
        values: {
          system: select("checkout"),
          "runbook/checkout": select("rich"),
          "runbook/web": select("stale"),
          "param/rich/minutes": { value: { type: "number_input", value: "5" } },
          "param/rich/ratio": { value: { type: "number_input", value: null } },
          "param/rich/deep": { value: { type: "checkboxes", selected_options: [] } },
          "param/stale/gone": { value: { type: "plain_text_input", value: "x" } },
          "connection/checkout/postgres": select("db"),
        },
      },
    });
    expect(form).toMatchObject({
      channel: "C0",
      system: "checkout",
      runbook: "rich",
      params: { minutes: "5", deep: "false", postgres: "db" },
    });
    expect(Object.keys(form.params)).toHaveLength(3);
    expect(
      errorsAtFields(form, [
        { name: "ratio", message: "too big" },
        { name: "other", message: "?" },
      ]),
    ).toEqual({
      "param/rich/ratio": "too big",
      "runbook/checkout": "other: ?",
    });
  });

  it("refuses what is not its own", () => {
    expect(() => readForm({ private_metadata: "{}", state: { values: {} } })).toThrow();
    expect(() => readForm({ private_metadata: "x", state: { values: {} } })).toThrow();
  });
});
