import { scenario } from "../../words.ts";

export const invalidIndex = scenario({
  id: "postgres/invalid-index",
  items: [],
  needs: ["postgres"],
  situation:
    "a unique index was built while the table was in use, met a double row, and was left behind invalid",
  twin: "the same build on rows without a double one",
  alert: { name: "PostgresqlInvalidIndex", severity: "warning", summary: "An index of shop is invalid" },
  expect: { first: "invalid-indexes", remedy: "dropInvalid", apply: true },
  place: ({ postgres }) => {
    const build = async (rows: string): Promise<void> => {
      await postgres.admin("CREATE TABLE accounts (id int PRIMARY KEY, mail text)");
      await postgres.admin(`INSERT INTO accounts VALUES ${rows}`);
      await postgres.admin("CREATE UNIQUE INDEX CONCURRENTLY accounts_mail ON accounts (mail)");
    };
    const clean = () => postgres.admin("DROP TABLE IF EXISTS accounts");
    return {
      connections: { database: { kind: "postgres", url: postgres.botUrl } },
      break: async (keep) => {
        keep(clean);
        const refused = await build("(1, 'a@b'), (2, 'a@b')").then(
          () => false,
          () => true,
        );
        if (!refused) throw new Error("the index was built over double rows");
      },
      gone: async () => {
        const [row] = await postgres.admin<{ n: string }>(
          "SELECT count(*) AS n FROM pg_index WHERE indrelid = 'accounts'::regclass AND NOT indisvalid",
        );
        return row?.n === "0";
      },
      twin: async (keep) => {
        keep(clean);
        await build("(1, 'a@b'), (2, 'c@d')");
      },
    };
  },
});
