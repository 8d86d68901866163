/** What the doors count. `source`: slack, alertmanager, cli, schedule; `outcome`: an intent's word or an error code. */
export interface IngressMetrics {
  /** One request answered, `seconds` after it was read. */
  received(source: string, outcome: string, seconds: number): void;
  /** A body over the limit was turned away. */
  tooLarge(source: string): void;
}
