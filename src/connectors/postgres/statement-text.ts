/**
 * What a statement is, judged by the server over `a.query` (pg_stat_activity), so that it holds in the very statement that
 * signals. Text is text: where it is odd (nested comments, backslashes in literals, a `;` with something behind it) the
 * answer is no, and the session is left alone.
 */

// A comment without another one inside, a line comment (the server ends it at CR, too), a literal, a quoted name, a plain
// dollar quote; the last three may be unfinished at the end, where track_activity_query_size has cut. All greedy: a lazy `.*?`
// reached over a whole ALTER TABLE to the end of the next comment.
const TOKENS = [
  String.raw`/\*(?:[^*/]|\*(?!/)|/(?!\*))*(?:\*/|$)`,
  String.raw`--[^\n\r]*`,
  String.raw`''(?:[^''\\]|'''')*(?:''|$)`,
  `"(?:[^"]|"")*(?:"|$)`,
  String.raw`\$\$[^$]*(?:\$\$|$)`,
].join("|");

/** At most so many characters are judged; more is a text that was cut. */
const MOST = 8_192;

/** The statement without comments, literals and quoted names. */
const BARE = `regexp_replace(left(coalesce(a.query, ''), ${MOST}), '${TOKENS}', ' ', 'g')`;

/** Something the tokens did not take out: then nobody knows where literals and comments end. */
const ODD = String.raw`''|"|\\|/\*|\*/|\$[a-z_0-9]*\$`;

/** Statements that read or change rows: cancelling one loses its own work only. DDL, VACUUM and COPY are left alone. */
export const ORDINARY_STATEMENT = `(${BARE} ~* '^[\\s(]*(select|with|insert|update|delete|merge|values|table|fetch|execute)\\M'
  AND ${BARE} !~* '${ODD}' AND ${BARE} !~ ';\\s*[^\\s;]')`;

/** One whole statement that has a plan. Names written with escapes (U&"…") could hide what is called. */
export const PLANNABLE = `(length(a.query) < ${MOST} AND ${BARE} ~* '^[\\s(]*(select|with|insert|update|delete)\\M'
  AND ${BARE} !~* '${ODD}|u&' AND ${BARE} !~ ';\\s*[^\\s;]')`;

/** The session's last statement asked for notifications: it waits for them, it is not unused. */
export const LISTENS = `${BARE} ~* '\\mlisten\\M'`;
