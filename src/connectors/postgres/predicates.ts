/**
 * SQL: an index `i` (a row of pg_index) has every row that a comparison with a value of one of these columns finds: it is whole, or
 * leaves out only rows where one of them is NULL, which no comparison finds (a strict operator implies IS NOT NULL for the planner,
 * and so do the lookups of foreign keys). `columns`: an array of their names as the server quotes them.
 */
export const hasAllOf = (columns: string): string =>
  `(i.indpred IS NULL OR pg_get_expr(i.indpred, i.indrelid) IN (SELECT format('(%s IS NOT NULL)', one) FROM unnest(${columns}) one))`;
