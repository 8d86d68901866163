import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import ts from "typescript";
import { describe, expect, it } from "vitest";
import { mysqlName, scriptText, shellWord, sqlName, sqlText } from "../../../src/core/rules/paste.ts";
import { fc } from "../../helpers/property.ts";

describe("words of others in commands to paste", () => {
  it("are one word of a shell, whatever they hold", () => {
    const hostile = fc.string({ unit: fc.constantFrom(..."a'\"\\$`;|&<>(){}*?!# \t-~=") });
    fc.assert(
      fc.property(hostile, (word) => {
        const said = execFileSync("sh", ["-c", `printf '<%s>' ${shellWord(word)}`], { encoding: "utf8" });
        expect(said).toBe(`<${word.replace(/\t+/g, " ")}>`);
      }),
      { numRuns: 60 },
    );
  });

  it.each([
    ["web-1", "web-1"],
    ["/var/log", "/var/log"],
    ["-rf", "'-rf'"],
    ["", "''"],
    ["a\nrm -rf /", "'a rm -rf /'"],
    ["$(reboot)", "'$(reboot)'"],
  ])("shell: %j is %s", (word, quoted) => expect(shellWord(word)).toBe(quoted));

  it("are one name and one literal of SQL", () => {
    expect(sqlName('a"; DROP TABLE x; --')).toBe('"a""; DROP TABLE x; --"');
    expect(mysqlName("a`; DROP TABLE x; --")).toBe("`a``; DROP TABLE x; --`");
    expect(sqlText("it's")).toBe("'it''s'");
    expect(sqlText("a\\'; DROP TABLE x; --")).toBe("E'a\\\\''; DROP TABLE x; --'");
  });

  it("are one literal of JavaScript", () => {
    const hostile = fc.string({ unit: fc.constantFrom(..."a'\"\\`${};()\n\u2028") });
    fc.assert(
      fc.property(hostile, (word) => {
        expect(JSON.parse(scriptText(word).replaceAll("\\x60", "`"))).toBe(word.replace(/\p{C}+/gu, " "));
        expect(scriptText(word)).not.toContain("`");
      }),
    );
    expect(scriptText('a"); db.dropDatabase(); ("')).toBe('"a\\"); db.dropDatabase(); (\\""');
  });

  /** Figures of our own, and a command that was built with the helpers. */
  const OWN =
    /^(make|serviceFile|timerFile|ruleFile|wanted|port|largest\.pid|resize|usage\.max \* 2|sayCreate\(of\.namespace, keys\))$/;
  /** Explained in prose between backticks, not commands. */
  const PROSE = new Set(["runbooks/external-api.ts:path", "runbooks/high-error-rate.ts:ratio.value.metric"]);

  it("go through these helpers in every runbook", () => {
    const bare: string[] = [];
    const files = readdirSync("runbooks", { recursive: true, encoding: "utf8" });
    for (const name of files.filter((one) => one.endsWith(".ts"))) {
      const file = `runbooks/${name}`;
      const source = ts.createSourceFile(file, readFileSync(file, "utf8"), ts.ScriptTarget.Latest, true);
      const visit = (node: ts.Node): void => {
        if (ts.isTemplateExpression(node)) bare.push(...bareIn(node, source).map((one) => `${file}:${one}`));
        ts.forEachChild(node, visit);
      };
      visit(source);
    }
    expect(bare.filter((one) => !PROSE.has(one))).toEqual([]);
  });

  /** What is put between two backticks of the text without a helper. */
  function bareIn(template: ts.TemplateExpression, source: ts.SourceFile): string[] {
    let isCode = template.head.text.split("`").length % 2 === 0;
    return template.templateSpans.flatMap(({ expression, literal }) => {
      const text = expression.getText(source);
      const isBare =
        isCode &&
        !/^(shellWord|serviceWord|sqlName|mysqlName|sqlText|scriptText)\(/.test(text) &&
        !/\bshellWord\(/.test(text) &&
        !OWN.test(text);
      if (literal.text.split("`").length % 2 === 0) isCode = !isCode;
      return isBare ? [text] : [];
    });
  }
});
