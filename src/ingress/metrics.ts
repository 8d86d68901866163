/** What the doors count. `source`: slack, alertmanager, cli, schedule; `outcome`: an intent's word or an error code. */
export interface IngressMetrics {
  /** One request answered, `seconds` after it was read. */
  received(source: string, outcome: string, seconds: number): void;
  /** A notification was turned away for good; `reason`: an error code. */
  turnedAway(reason: string): void;
  /** A heartbeat of the alerting arrived now. */
  heartbeat(): void;
}
