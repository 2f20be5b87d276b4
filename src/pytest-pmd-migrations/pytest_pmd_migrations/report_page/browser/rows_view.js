// What a step did to the rows of each table, seen from each database that took it.

const rowsView = (() => {
  const MOST_ROWS = 150;
  const QUIET = ["before", "after", "kept"];

  // Which databases did the same, as 0001..0004: neighbours in the order of the grid.
  const startNames = (one, starts) => {
    const order = ["fresh", ...Object.keys(one.titles)];
    const numbers = starts.map((start) => order.indexOf(start)).sort((a, b) => a - b);
    const name = (number) => (number === 0 ? "a new database" : one.titles[order[number]]);
    const runs = [];
    for (const number of numbers) {
      const last = runs.at(-1);
      if (last && number === last[1] + 1 && last[0] > 0) last[1] = number;
      else runs.push([number, number]);
    }
    return runs.map(([a, b]) => (b - a > 1 ? `${name(a)}..${name(b)}` : a === b ? name(a) : `${name(a)}, ${name(b)}`))
      .join(", ");
  };

  const needsWord = ({ changed, deleted }) => changed + deleted > 0;

  const isUndeclared = ({ table }) => needsWord(table) && !table.declared.length;

  const declared = (table) => {
    if (table.declared.length) {
      return make("ul", {}, table.declared.map(({ kind, name, reason }) =>
        make("li", {}, `${kind} ${name}: ${reason}`)));
    }
    return needsWord(table) ? make("span", { class: "undeclared" }, "not declared") : "needs none";
  };

  const tableName = ({ name, after_name: after }) =>
    after === null ? `${name} (gone)` : after === name ? name : `${name}, now ${after}`;

  const row = (one, { table, starts }) => make("tr", {},
    make("th", { scope: "row" }, tableName(table)),
    make("td", {}, startNames(one, starts)),
    COUNTS.map((key) => make("td", { class: table[key] && !QUIET.includes(key) ? "number some" : "number" },
      table[key] === null ? "no table" : String(table[key]))),
    make("td", {}, declared(table)),
    make("td", {}, table.evidence.length
      ? make("ul", {}, table.evidence.map((text) => make("li", {}, text))) : "none"));

  const told = (found) => {
    const undeclared = found.filter(isUndeclared).length;
    return undeclared ? `${undeclared} of ${counted(found.length, "line")} not declared`
      : `${counted(found.length, "line")}, all that needs it declared`;
  };

  const render = () => {
    const one = reportData.application();
    const wanted = reportData.indexOf(one, address.get("rows-version"));
    const version = one.versions[wanted < 0 ? reportData.startIndex(one) : wanted];
    byId("rows-version").value = version.version;
    byId("rows-table").value = address.get("rows-table");
    const text = address.get("rows-table").toLowerCase();
    const found = reportData.stepsOf(one, version)
      .filter(({ table }) => `${table.name} ${table.after_name}`.toLowerCase().includes(text))
      .sort((a, b) => isUndeclared(b) - isUndeclared(a));
    const body = byId("rows-body");
    if (!found.length) {
      body.replaceChildren(make("p", {}, version.steps.length
        ? "No table of that name was touched." : "This step left the rows of every table as they were."));
      return;
    }
    const lines = make("tbody");
    firstOf(found.slice(0, MOST_ROWS).map((each) => () => row(one, each)), MOST_ROWS, "row", lines);
    body.replaceChildren(
      make("p", {}, told(found)
        + `; tables that are not named were left as they were`
        + (found.length > MOST_ROWS ? `; the first ${MOST_ROWS} are shown, name a table for others` : "")),
      make("div", { class: "wide", tabindex: "0", role: "region", "aria-label": `Rows of step ${version.title}` },
        make("table", { class: "moves" },
          make("thead", {}, make("tr", {}, ["table", "upgraded from", ...COUNTS, "declared", "seen"]
            .map((name) => make("th", { scope: "col" }, name)))),
          lines)));
  };

  const choices = () => fillVersions(byId("rows-version"), reportData.application());

  const start = () => {
    byId("rows-version").addEventListener("change", (event) =>
      address.set({ "rows-version": event.target.value }));
    byId("rows-table").addEventListener("input", (event) =>
      address.set({ "rows-table": event.target.value }));
  };

  return { id: "rows", keys: /^rows/, start, choices, render };
})();
