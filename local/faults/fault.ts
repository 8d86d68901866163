import type { Shop } from "../sample/shop.ts";

/** A condition monitoring watches on a system `S`, with the labels Alertmanager would send. */
export interface Rule<S = Shop> {
  readonly alertname: string;
  readonly severity: "warning" | "critical";
  readonly labels?: Readonly<Record<string, string>>;
  readonly summary: string;
  /** It must have held for so long before it fires. Default 2. */
  readonly forSeconds?: number;
  readonly needsRedis?: boolean;
  /** diagbot looks at machines with the tools of Linux. */
  readonly needsLinux?: boolean;
  /** The figure that makes it fire, for people; undefined while all is well. Looks at the running system. */
  firing(system: S): Promise<string | undefined>;
}

/** Something that can really be broken in a sample system `S`. */
export interface Fault<S = Shop> {
  readonly id: string;
  readonly title: string;
  /** One sentence: what happens to the system. */
  readonly description: string;
  /** The runbook that must find it, and what it must find and offer. Used to judge, never told to the product. */
  readonly runbook: string;
  readonly expects: {
    /** Id of the finding, or what stands before a `:` in it (`over-budget:/var/log`). */
    readonly finding: string;
    /** Undefined: nothing is offered; a person reads the finding and puts it right. */
    readonly remedy: string | undefined;
    /** Nothing a machine may do here: the remedy is advice, and a person carries it out. */
    readonly advice?: true;
  };
  /** How monitoring notices. */
  readonly rule: Rule<S>;
  break(system: S): Promise<void>;
  /** Is the damage there now? Looks at the system, not at what `break` did. */
  symptom(system: S): Promise<boolean>;
  /** Puts it right by hand, when nobody approves a remedy; harmless when all is well. */
  heal(system: S): Promise<void>;
}

/** A fault and a rule of the system that runs: what panel, monitoring and script know of it. */
export type LiveFault = Fault<void>;
export type LiveRule = Rule<void>;

/** A fault whose symptom is what its rule watches. */
export const fault = <S = Shop>(spec: Omit<Fault<S>, "symptom">): Fault<S> => ({
  ...spec,
  symptom: async (system) => (await spec.rule.firing(system)) !== undefined,
});

/** The faults of a system that runs. Those that are noticed by one rule still share it. */
export function live<S>(faults: readonly Fault<S>[], system: S): LiveFault[] {
  const rules = new Map(
    faults.map(({ rule }): [Rule<S>, LiveRule] => [rule, { ...rule, firing: () => rule.firing(system) }]),
  );
  return faults.map((one) => ({
    ...one,
    rule: rules.get(one.rule) ?? { ...one.rule, firing: () => one.rule.firing(system) },
    break: () => one.break(system),
    symptom: () => one.symptom(system),
    heal: () => one.heal(system),
  }));
}

/** Is that the finding that was expected? */
export const isExpected = ({ expects }: Pick<LiveFault, "expects">, findingId: string): boolean =>
  findingId === expects.finding || findingId.startsWith(`${expects.finding}:`);
