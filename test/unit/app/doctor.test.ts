import { expect, it } from "vitest";
import { diagnoseSelf } from "../../../src/app/doctor.ts";
import { shipped } from "../../../src/app/knowledge.ts";
import type { Config } from "../../../src/config/load.ts";

it("a webhook that there is not is refused before anything is looked at or sent", async () => {
  const config = { webhooks: { pager: { kind: "pagerduty" } } } as unknown as Config;
  await expect(diagnoseSelf({ config, knowledge: shipped }, "all", ["pagr"])).rejects.toMatchObject({
    code: "usage",
    message: 'there is no webhook "pagr"; did you mean "pager"?',
    hint: "there are: pager",
  });
  const none = { ...config, webhooks: {} };
  await expect(diagnoseSelf({ config: none, knowledge: shipped }, "all", ["toString"])).rejects.toMatchObject(
    {
      hint: "diagbot.yaml has no `webhooks`",
    },
  );
});
