// SQL as lines that can be compared, whichever way it was written.

const SQL_TOKEN = new RegExp([
  "'(?:[^']|'')*'", '"(?:[^"]|"")*"', "`(?:[^`]|``)*`", "\\[[^\\]]*\\]",
  "--[^\\n]*", "/\\*[^]*?\\*/", "\\s+", "[\\w$\\u0080-\\uffff]+", "[^]",
].join("|"), "g");

const sqlTokens = (sql) => sql.match(SQL_TOKEN) ?? [];

const sqlLines = ({ type, sql }) => {
  if (type === "table" || type === "virtual") return listLines(sql);
  const lines = sql.split("\n").map((line) => line.trimEnd()).filter((line) => line.trim());
  return lines.length > 1 || type === "index" ? lines : clauseLines(sql);
};

// One line for each column and constraint: broken at the commas of the outer parentheses.
const listLines = (sql) => {
  const lines = [];
  let line = "";
  let depth = 0;
  const end = () => {
    if (line.trim()) lines.push(line.trimEnd());
    line = depth > 0 ? "  " : "";
  };
  for (const token of sqlTokens(sql)) {
    if (/^\s/.test(token)) {
      if (line.trim() && !line.endsWith(" ")) line += " ";
    } else if (token === ")" && --depth === 0) {
      end();
      line = ")";
    } else {
      line = token === "," ? line.trimEnd() + token : line + token;
      if (token === "(" && ++depth === 1) end();
      else if ((token === "," && depth === 1) || token.startsWith("--")) end();
    }
  }
  end();
  return lines;
};

// A view or trigger that was written in one line: broken before its clauses, after its statements.
const clauseLines = (sql) => {
  const lines = [""];
  for (const token of sqlTokens(sql)) {
    const begins = /^(?:SELECT|FROM|WHERE|BEGIN|END|UNION|GROUP|ORDER|LEFT|JOIN)$/i.test(token);
    if (begins && lines.at(-1).trim()) lines.push("");
    const text = /^\s/.test(token) ? " " : token;
    if (lines.at(-1) || text !== " ") lines[lines.length - 1] += text;
    if (token === ";") lines.push("");
  }
  return lines.map((line) => line.trimEnd()).filter(Boolean);
};
