import { fc } from "../../helpers/property.ts";
import { at } from "../../make/views.ts";

/** What is stored of an escalation, with words of others wherever there may be some. */
export const escalationOf = (hostile: fc.Arbitrary<string>, when: fc.Arbitrary<Date>) =>
  fc
    .record({
      states: fc.array(fc.constantFrom("due", "sent", "failed", "unknown", "withdrawn", "shown"), {
        maxLength: 4,
      }),
      said: hostile,
      answered: fc.option(
        fc.record({
          how: fc.constantFrom("ack", "reply", "command", "vote"),
          by: hostile,
          words: hostile,
          at: when,
        }),
        { nil: undefined },
      ),
    })
    .map(({ states, said, answered }) => ({
      turn: 0,
      since: at(5_000),
      levels: states.map((state, level) => ({
        turn: 0,
        level,
        target: { webhook: "pager" },
        because: "severity",
        at: at(1_000 - level),
        state,
        said,
        // A link is diagbot.yaml's, with the number percent-encoded in it.
        ...(level % 2 === 0 ? {} : { damage: "security", ticket: { id: said } }),
      })),
      answered,
    })) as fc.Arbitrary<never>;
