import { alertmanager } from "../../../src/sdk/index.ts";
import { startAlertmanager, whyNoAlertmanager } from "../../helpers/alertmanager-server.ts";
import { webServer } from "../../helpers/web-server.ts";
import type { Harness } from "../harness.ts";
import { endless, mute, nowhere } from "../servers.ts";

const PASSWORD = "secret-in-url-93";

/** A real Alertmanager. */
export const harness: Harness = {
  missing: whyNoAlertmanager(),
  start: async () => {
    const server = await startAlertmanager();
    const silent = await mute();
    const flooding = await endless("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n");
    const refusing = await webServer((_request, answer) => answer.writeHead(401).end("who are you"));
    const free = await nowhere();
    const at = (port = server.port) => ({ url: `http://bot:${PASSWORD}@127.0.0.1:${port}` });
    const labels = { alertname: "HighErrorRate", job: "shop" };
    const silence = () =>
      server.api("POST", "silences", {
        matchers: Object.entries(labels).map(([name, value]) => ({
          name,
          value,
          isRegex: false,
          isEqual: true,
        })),
        startsAt: new Date().toISOString(),
        endsAt: new Date(Date.now() + 3_600_000).toISOString(),
        createdBy: "ann",
        comment: "deployment",
      }) as Promise<{ silenceID: string }>;
    return {
      settings: at(),
      read: alertmanager.state(),
      secrets: [PASSWORD],
      failures: {
        unreachable: { settings: at(free), code: "target_unreachable" },
        denied: { settings: at(refusing.port), code: "target_auth" },
      },
      hang: { settings: at(silent.port), begun: silent.connected },
      flood: (_open, _context, run) => run(alertmanager.state(), at(flooding.port)),
      foreign: async (name, run) => {
        // It takes any text as a label's value, but for a NUL, which JSON's readers refuse.
        await server.fire([{ alertname: name.replaceAll("\0", "") }]);
        return run(alertmanager.state());
      },
      writes: {
        "alertmanager.create-silence": {
          prepare: async () => {
            await server.clear();
            await server.fire([{ ...labels, instance: "a" }]);
            return alertmanager.createSilence({ labels, comment: "asked for" });
          },
          // It has ended meanwhile.
          spoil: () => server.clear(),
        },
        "alertmanager.expire-silence": {
          prepare: async () => {
            await server.clear();
            const { silenceID } = await silence();
            return alertmanager.expireSilence({ id: silenceID });
          },
          spoil: () => server.clear(),
        },
      },
      stop: () => Promise.all([server.stop(), ...[silent, flooding, refusing].map((one) => one.close())]),
    };
  },
};
