import type { Variables } from "./environment.ts";

const REFERENCE = /\$\$\{|\$\{([^}]*)\}/g;
const VARIABLE = /^[A-Za-z_][A-Za-z0-9_]*$/;

/**
 * Replaces `${NAME}` by the variable's value; `$${` stands for `${`. A variable that is unset or empty is a complaint.
 * `values`: what was put in.
 */
export function interpolate(
  text: string,
  variables: Variables,
): { readonly text: string; readonly complaints: string[]; readonly values: string[] } {
  const complaints: string[] = [];
  const values: string[] = [];
  const replaced = text.replace(REFERENCE, (whole, name: string | undefined) => {
    if (name === undefined) return "${";
    if (!VARIABLE.test(name)) complaints.push(`\${${name}} does not name an environment variable`);
    const value = variables[name] ?? "";
    if (value === "" && VARIABLE.test(name)) complaints.push(`the environment variable ${name} is not set`);
    if (value !== "") values.push(value);
    return value === "" ? whole : value;
  });
  return { text: replaced, complaints, values };
}
