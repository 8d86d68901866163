import { z } from "zod";

/** A table by its name as the server quotes it, with its schema: `public."Orders"`. */
export const tableName = z.string().min(3).max(300);
/** An index, in the same way. */
export const indexName = z.string().min(3).max(300);
/** Columns in their order, each as the server quotes it. */
export const columnNames = z.array(z.string().min(1).max(150)).min(1).max(5);
