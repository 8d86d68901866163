/** What a cluster lost without losing a slot. */
export interface Lost {
  /** Nodes without slots that most agree are gone: replicas, or masters that were taken over from. At most 20. */
  readonly gone: readonly string[];
  /** Masters that have slots and no replica left, in a cluster in which others have one. At most 20. */
  readonly bare: readonly string[];
}

const MOST = 20;

/** `07c3… 127.0.0.1:30004@31004,host slave,fail e7d1… 1426238317239 1426238316232 4 disconnected`: CLUSTER NODES. Pure. */
export function lostIn(nodes: string): Lost {
  const all = nodes.split("\n").flatMap((line) => {
    const [id = "", address = "", flags = "", master = "", , , , , ...slots] = line
      .slice(0, 20_000)
      .trim()
      .split(" ");
    const words = flags.split(",");
    if (flags === "" || words.includes("noaddr") || words.includes("handshake")) return [];
    return [
      {
        ...{ id, master, isMaster: words.includes("master"), isGone: words.includes("fail") },
        address: (address.split("@", 1)[0] ?? "").slice(0, 120),
        hasSlots: slots.some((range) => /^\d/.test(range)),
      },
    ];
  });
  const followed = new Set(all.filter((one) => !one.isMaster && !one.isGone).map(({ master }) => master));
  const owners = all.filter((one) => one.isMaster && one.hasSlots && !one.isGone);
  const bare = followed.size === 0 ? [] : owners.filter(({ id }) => !followed.has(id));
  return {
    gone: all.flatMap((one) => (one.isGone && !one.hasSlots ? [one.address] : [])).slice(0, MOST),
    bare: bare.map(({ address }) => address).slice(0, MOST),
  };
}
