import type { Shop } from "../sample/shop.ts";

/** A condition monitoring watches, with the labels Alertmanager would send. */
export interface Rule {
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
  firing(shop: Shop): Promise<string | undefined>;
}

/** Something that can really be broken in the sample system. */
export interface Fault {
  readonly id: string;
  readonly title: string;
  /** One sentence: what happens to the shop. */
  readonly description: string;
  /** The runbook that must find it, and what it must find and offer. Used to judge, never told to the product. */
  readonly runbook: string;
  readonly expects: {
    /** Id of the finding, or what stands before a `:` in it (`over-budget:/var/log`). */
    readonly finding: string;
    readonly remedy: string;
    /** Nothing a machine may do here: the remedy is advice, and a person carries it out. */
    readonly advice?: true;
  };
  /** How monitoring notices. */
  readonly rule: Rule;
  break(shop: Shop): Promise<void>;
  /** Is the damage there now? Looks at the system, not at what `break` did. */
  symptom(shop: Shop): Promise<boolean>;
  /** Puts it right by hand, when nobody approves a remedy; harmless when all is well. */
  heal(shop: Shop): Promise<void>;
}

/** A fault whose symptom is what its rule watches. */
export const fault = (spec: Omit<Fault, "symptom">): Fault => ({
  ...spec,
  symptom: async (shop) => (await spec.rule.firing(shop)) !== undefined,
});

/** Is that the finding that was expected? */
export const isExpected = ({ expects }: Fault, findingId: string): boolean =>
  findingId === expects.finding || findingId.startsWith(`${expects.finding}:`);
