// What authors of runbooks get wrong must not compile: this file is part of `tsc`, which also fails where an expected error is missing.
import { network, onEach, orThreshold, runbookOn, type StepsOf, valueIn, z } from "../../../src/sdk/index.ts";
import { end, idle, usage } from "./actions.ts";

const head = { id: "x", title: "x", params: z.object({ minutes: z.int().default(5) }) };
const book = runbookOn("postgres", head, ({ params: { minutes } }) => ({
  usage: usage(),
  idle: idle({ minutes }),
})).andThen(["idle"], ({ idle: { pids } }) => ({ later: idle({ minutes: pids.length }) }));

const finding = { id: "f", severity: "info", title: "t", because: "" } as const;

/** What is right compiles, with nothing but what is inferred. */
export const right = book
  .remedies({
    end: book.does(
      end,
      ["idle", "usage?"],
      ({ idle: { pids }, usage: used }) => ({ pids: used ? pids : [] }),
      {
        recheck: ["usage"],
        holds: ({ usage: { ratio } }, [done]) => ratio < 1 && done?.output.ended === done?.input.pids.length,
      },
    ),
    ask: book.advises("Ask", "low", ({ later }) => `${later?.pids.length}`),
  })
  .findings((find) => [
    find(["usage", "later?"], ({ usage: { ratio }, later }, { params: { minutes } }) =>
      ratio > minutes ? { ...finding, remedies: ["end"] } : later && { ...finding, remedies: ["ask"] },
    ),
    find.seen(["usage"], ({ usage: one }) => !one.ok && { ...finding, title: one.error.message }),
    find.all((seen) => [valueIn(seen.later)?.pids.length === 0 && finding]),
  ]);

export const ratioOf = ({ usage: { ratio } }: StepsOf<typeof book>): number => ratio;

// Stages
// @ts-expect-error no such step
book.andThen(["idel"], () => ({}));
// @ts-expect-error a step with a ? may have no value
book.andThen(["idle?"], ({ idle: { pids } }) => ({ more: idle({ minutes: pids.length }) }));
// @ts-expect-error the step was not named
book.andThen(["usage"], ({ idle: { pids } }) => ({ more: idle({ minutes: pids.length }) }));
// @ts-expect-error it may have errored
book.andThen.all(({ idle: one }) => ({ more: idle({ minutes: one?.value.pids.length }) }));
// @ts-expect-error no such step
book.andThen.all(({ idel: one }) => (one?.ok ? { more: usage() } : {}));
// @ts-expect-error no such parameter
runbookOn("postgres", head, ({ params }) => ({ idle: idle({ minutes: params.hours }) }));
// @ts-expect-error no such kind of connection
runbookOn("postgress", head, () => ({ usage: usage() }));
// @ts-expect-error no such threshold
orThreshold("conections", "share of connections");

// Remedies
// @ts-expect-error a read changes nothing
book.does(idle, ["usage"], () => ({ minutes: 1 }));
// @ts-expect-error no such step
book.does(end, ["idel"], () => ({ pids: [1] }));
// @ts-expect-error not what the action takes
book.does(end, ["idle"], ({ idle: { pids } }) => ({ pid: pids }));
// @ts-expect-error a step with a ? may have no value
book.does(end, ["idle?"], ({ idle: { pids } }) => ({ pids }));
// @ts-expect-error no such field
book.does(end, ["idle"], ({ idle: { sessions } }) => ({ pids: sessions }));
// @ts-expect-error no such step to ask again
book.does(end, ["idle"], ({ idle: { pids } }) => ({ pids }), { recheck: ["used"] });
book.does(end, ["idle"], ({ idle: { pids } }) => ({ pids }), {
  recheck: ["usage"],
  // @ts-expect-error it is not asked again
  holds: ({ idle: { pids } }) => pids.length === 0,
});
book.does(end, ["idle"], ({ idle: { pids } }) => ({ pids }), {
  recheck: ["usage"],
  // @ts-expect-error no such field of what came back
  holds: (_after, done) => done.every(({ output }) => output.killed > 0),
});
book.runs("scripts.release", ["idle"], ({ idle: { pids } }) => pids.map((pid) => ({ pid })));
// @ts-expect-error a command stands on a connection: `<connection>.<command>`
book.runs("release", ["idle"], () => ({}));
// @ts-expect-error parameters of a command are words and numbers
book.runs("scripts.release", ["idle"], ({ idle: { pids } }) => ({ pids }));
// @ts-expect-error advice gets what there is: each step may be missing
book.advises("Ask", "low", ({ usage: { ratio } }) => `${ratio}`);
// @ts-expect-error it may have errored
book.advises.all("Ask", "low", ({ usage: one }) => `${one?.value.ratio}`);
// @ts-expect-error no such risk
book.advises("Ask", "medium", "ask");

// Findings
const written = book.remedies({ end: book.advises("End them", "low", "end them") });
written.findings((find) => [
  // @ts-expect-error no such remedy
  find(["usage"], () => ({ ...finding, remedies: ["edn"] })),
  // @ts-expect-error no such remedy, in one of several
  find(["usage"], () => [finding, { ...finding, remedies: ["edn"] }]),
  // @ts-expect-error no such remedy
  find.seen(["usage"], () => ({ ...finding, remedies: ["edn"] })),
  // @ts-expect-error no such remedy
  find.all(() => ({ ...finding, remedies: ["edn"] })),
  // @ts-expect-error no such step
  find(["usages"], () => finding),
  // @ts-expect-error no such step
  find.seen(["usages"], () => finding),
  // @ts-expect-error the step was not named
  find(["usage"], ({ idle: { pids } }) => ({ ...finding, title: `${pids.length}` })),
  // @ts-expect-error a step with a ? may have no value
  find(["idle?"], ({ idle: { pids } }) => ({ ...finding, title: `${pids.length}` })),
  // @ts-expect-error no such field
  find(["usage"], ({ usage: { used } }) => ({ ...finding, title: `${used}` })),
  // @ts-expect-error it may have errored
  find.seen(["usage"], ({ usage: { value } }) => ({ ...finding, title: `${value.ratio}` })),
  // @ts-expect-error no such parameter
  find(["usage"], (_values, { params }) => ({ ...finding, title: `${params.hours}` })),
  // @ts-expect-error no such severity
  find(["usage"], () => ({ ...finding, severity: "grave" })),
]);

// Steps named at run time
runbookOn([], head, ({ system }) =>
  onEach(system.connections, { dns: network.resolve(), tcp: network.connect() }),
)
  .remedies({})
  .findings((find) => [
    find.all((seen) => ({ ...finding, title: `${valueIn(seen["dns:orders"])?.addresses.length}` })),
    // @ts-expect-error no such step of a connection
    find.all((seen) => ({ ...finding, title: `${valueIn(seen["tls:orders"])}` })),
    // @ts-expect-error a field of the other step
    find.all((seen) => ({ ...finding, title: `${valueIn(seen["tcp:orders"])?.addresses}` })),
    // @ts-expect-error the connection may not be there
    find.all((seen) => ({ ...finding, title: `${seen["dns:orders"].ok}` })),
  ]);
