/** A node of formatted text; which fields it has depends on `type`. */
export interface FormatNode {
  readonly type: string;
  readonly text?: string;
  readonly children?: readonly FormatNode[];
  readonly [field: string]: unknown;
}
export function parseMrkdwn(source: string): FormatNode[];
export function link(url: string, children: readonly FormatNode[]): FormatNode;
