import { expect, it } from "vitest";
import { checkedOf, whyDown } from "../../../runbooks/logs/balancer-words.ts";

const line = (rest: string) => `Health check for server app/web1 ${rest}`;
const why = (rest: string) => {
  const checked = checkedOf(line(rest));
  return checked === undefined ? undefined : whyDown(checked);
};

it.each([
  [
    "failed, reason: Layer4 timeout, check duration: 1001ms, status: 0/2 DOWN.",
    "letIn",
    "a firewall does not let it in, or the machine is off",
  ],
  [
    'failed, reason: Layer4 connection problem, info: "No route to host", check duration: 3ms, status: 0/2 DOWN.',
    "listen",
    "No route to host",
  ],
  [
    'failed, reason: Layer6 invalid response, info: "SSL handshake failure", check duration: 4ms, status: 0/2 DOWN.',
    "fixTls",
    "TLS did not",
  ],
  [
    'failed, reason: Layer7 wrong status, code: 301, info: "Moved", check duration: 2ms, status: 0/2 DOWN.',
    "correctCheck",
    "a redirect",
  ],
  [
    "failed, reason: Layer7 wrong status, code: 404, check duration: 2ms, status: 0/2 DOWN.",
    "correctCheck",
    "Nothing is known of the service itself",
  ],
  [
    'failed, reason: Layer7 wrong status, code: 503, info: "Service Unavailable", check duration: 2ms, status: 0/2 DOWN.',
    "answerOk",
    "by its own word it is not ready",
  ],
  [
    'failed, reason: Layer7 invalid response, info: "TCPCHK got an empty response at step 1", check duration: 3ms, status: 0/2 DOWN.',
    "correctCheck",
    "speaks another protocol",
  ],
])("%s", (said, advice, words) => {
  expect(why(said)?.advice[0]).toBe(advice);
  expect(why(said)?.because).toContain(words);
});

it("a member that has failed once is still up; one that passes once is still down; a cut line is read as far as it goes", () => {
  expect(checkedOf(line("failed, reason: Layer7 timeout, check duration: 9ms, status: 2/3 UP."))?.isUp).toBe(
    true,
  );
  expect(
    checkedOf(
      line("succeeded, reason: Layer7 check passed, code: 200, check duration: 1ms, status: 1/2 DOWN."),
    ),
  ).toMatchObject({ isUp: false, isPassed: true });
  expect(checkedOf(line('failed, reason: Layer7 invalid response, info: "…'))?.isUp).toBe(false);
  expect(checkedOf("Server app/web1 is DOWN.")).toBeUndefined();
  expect(checkedOf("Server app/web1 is going DOWN for maintenance.")).toBeUndefined();
});

it("what is always written at a change of a server is read as well", () => {
  const said =
    'Server app/web1 is DOWN, reason: Layer7 wrong status, code: 404, info: "Not Found", check duration: 3ms. 0 active and 0 backup servers left.';
  expect(checkedOf(said)).toMatchObject({ server: "app/web1", isUp: false, isPassed: false, code: "404" });
  const back = "Backup Server app/web2 is UP, reason: Layer7 check passed, code: 200, check duration: 1ms.";
  expect(checkedOf(back)).toMatchObject({ server: "app/web2", isUp: true, isPassed: true });
});
