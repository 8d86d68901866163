import { describe, expect, it } from "vitest";
import { card, form } from "./bot.ts";
import { refused, webApiRig } from "./web-api-rig.ts";

const rig = webApiRig();

describe("views", () => {
  const trigger = async () => {
    const waiting = rig.slack.command("U0ALICE", "C0OPS", "/diag").catch(() => {});
    await waiting;
    return String(rig.slack.deliveries.at(-1)?.payload.trigger_id);
  };

  it("open with a trigger once, and only for three seconds", async () => {
    const trigger_id = await trigger();
    await rig.client.views.open({ trigger_id, view: form() });
    expect(await refused(rig.client.views.open({ trigger_id, view: form() }))).toBe("exchanged_trigger_id");
    expect(await refused(rig.client.views.open({ trigger_id: "12.34", view: form() }))).toBe(
      "invalid_trigger_id",
    );
    const late = await trigger();
    rig.now += 3001;
    expect(await refused(rig.client.views.open({ trigger_id: late, view: form() }))).toBe(
      "expired_trigger_id",
    );
  });

  it("stack three deep, and refuse an update that is behind", async () => {
    const opened = await rig.client.views.open({ trigger_id: await trigger(), view: form() });
    const push = async () => rig.client.views.push({ trigger_id: await trigger(), view: form() });
    expect((await push()).view).toMatchObject({
      root_view_id: opened.view?.id,
      previous_view_id: opened.view?.id,
    });
    await push();
    expect(await refused(push())).toBe("push_limit_reached");
    await rig.slack.close("U0ALICE");
    await rig.slack.close("U0ALICE");
    expect(rig.slack.view("U0ALICE")?.id).toBe(opened.view?.id);
    const update = (hash: string) =>
      rig.client.views.update({ view_id: opened.view?.id ?? "", hash, view: form("shop") });
    expect(await refused(update("behind"))).toBe("hash_conflict");
    await update(opened.view?.hash ?? "");
    expect(rig.slack.view("U0ALICE")?.blocks).toHaveLength(3);
    await rig.slack.close("U0ALICE", { all: true });
    expect(await refused(update(opened.view?.hash ?? ""))).toBe("not_found");
  });

  it("keep what was filled in when they are updated under the same ids", async () => {
    const { view } = await rig.client.views.open({ trigger_id: await trigger(), view: form() });
    await rig.slack.selectInView("U0ALICE", "system", "bank").catch(() => {});
    await rig.client.views.update({ view_id: view?.id ?? "", view: form("bank") });
    expect(rig.slack.view("U0ALICE")?.state.values.system?.system).toMatchObject({
      selected_option: { value: "bank" },
    });
  });
});

describe("response_url", () => {
  it("is good five times, for thirty minutes", async () => {
    await rig.slack.command("U0ALICE", "C0OPS", "/diag").catch(() => {});
    const url = String(rig.slack.deliveries.at(-1)?.payload.response_url);
    const respond = (body: object, to = url) => fetch(to, { method: "POST", body: JSON.stringify(body) });
    for (let count = 0; count < 5; count += 1) expect((await respond({ text: `${count}` })).status).toBe(200);
    const sixth = await respond({ text: "5" });
    expect([sixth.status, await sixth.json()]).toEqual([404, { ok: false, error: "used_url" }]);
    await rig.slack.command("U0ALICE", "C0OPS", "/diag").catch(() => {});
    rig.now += 30 * 60_000 + 1;
    const late = await respond({ text: "late" }, String(rig.slack.deliveries.at(-1)?.payload.response_url));
    expect(await late.json()).toMatchObject({ error: "expired_url" });
  });

  it("replaces or deletes the message whose button was pressed", async () => {
    await rig.client.chat.postEphemeral({
      channel: "C0OPS",
      user: "U0ALICE",
      text: "sure?",
      blocks: card("shop"),
    });
    const [asked] = rig.slack.ephemerals("U0ALICE");
    await rig.slack.click("U0ALICE", asked ?? { channel: "", ts: "" }, "approve").catch(() => {});
    const payload = rig.slack.deliveries.at(-1)?.payload ?? {};
    expect(payload.container).toMatchObject({ is_ephemeral: true });
    expect(payload.message).toBeUndefined();
    const respond = (body: object) =>
      fetch(String(payload.response_url), { method: "POST", body: JSON.stringify(body) });
    await respond({ replace_original: true, text: "done" });
    expect(rig.slack.ephemerals("U0ALICE").map((each) => each.text)).toEqual(["done"]);
    expect((await respond({ replace_original: true, blocks: [{ type: "nope" }] })).status).toBe(400);
    await respond({ delete_original: true });
    expect(rig.slack.ephemerals("U0ALICE")).toEqual([]);
    await expect(rig.slack.click("U0GUEST", asked ?? { channel: "", ts: "" }, "approve")).rejects.toThrow(
      "sees no message",
    );
  });
});
