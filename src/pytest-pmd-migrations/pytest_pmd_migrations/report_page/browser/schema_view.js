// The schema of any version, and what two of them differ in.

const schemaView = (() => {
  const MOST_OBJECTS = 40;
  const ORDER = ["table", "virtual", "view", "index", "trigger"];

  const range = (one) => {
    const at = reportData.startIndex(one);
    const to = address.has("schema-to") ? reportData.indexOf(one, address.get("schema-to")) : at;
    const wanted = address.get("schema-from");
    const from = wanted === "nothing" ? -1 : wanted ? reportData.indexOf(one, wanted) : to - 1;
    return { from, to: to < 0 ? at : to };
  };

  const key = ({ type, name }) => `${type} ${name.toLowerCase()}`;

  // [state, before, after] of every object of two schemas, in the order of their tables.
  const compared = (before, after) => {
    const there = new Map(before.map((one) => [key(one), one]));
    const now = new Map(after.map((one) => [key(one), one]));
    const all = [...new Map([...there, ...now]).values()].sort((a, b) =>
      a.table.localeCompare(b.table) || ORDER.indexOf(a.type) - ORDER.indexOf(b.type)
      || a.name.localeCompare(b.name));
    return all.map((one) => {
      const [a, b] = [there.get(key(one)), now.get(key(one))];
      const state = !a ? "added" : !b ? "removed" : a.sql === b.sql ? "same" : "changed";
      return [state, a, b];
    });
  };

  const line = (sign, content, kind) => [
    make("td", { class: `sign ${kind}` }, sign), make("td", { class: kind }, content ?? ""),
  ];

  const splitRow = ([a, b]) => {
    if (sameLine(a, b)) return make("tr", {}, line(" ", a, ""), line(" ", b, ""));
    const [left, right] = a !== null && b !== null ? markedSides(a, b) : [a, b];
    return make("tr", {},
      a === null ? line(" ", "", "") : line("−", left, "was"),
      b === null ? line(" ", "", "") : line("+", right, "now"));
  };

  const unifiedRows = ([a, b]) => {
    if (sameLine(a, b)) return [make("tr", {}, line(" ", b, ""))];
    const [left, right] = a !== null && b !== null ? markedSides(a, b) : [a, b];
    return [
      ...(a === null ? [] : [make("tr", {}, line("−", left, "was"))]),
      ...(b === null ? [] : [make("tr", {}, line("+", right, "now"))]),
    ];
  };

  const head = (titles) => make("thead", {}, make("tr", {}, titles.flatMap((title) => [
    make("th", { class: "sign", scope: "col" }, make("span", { class: "unseen" }, "sign")),
    make("th", { scope: "col" }, title),
  ])));

  const article = ([state, a, b], titles, unified) => {
    const { type, name, table } = b ?? a;
    const pairs = linePairs(a ? sqlLines(a) : [], b ? sqlLines(b) : []);
    const whole = state === "same" || !a || !b;
    const body = make("tbody");
    if (whole) body.append(...pairs.map(([x, y]) => make("tr", {},
      state === "same" ? line(" ", y, "") : line(a ? "−" : "+", x ?? y, a ? "was" : "now"))));
    else body.append(...pairs.flatMap((pair) => (unified ? unifiedRows(pair) : [splitRow(pair)])));
    return make("article", { class: "object" },
      make("h3", {},
        state === "same" ? "" : make("span", { class: `tag tag-${state}` }, state), " ",
        `${type} ${name}`, name === table ? "" : make("small", {}, ` of ${table}`)),
      make("table", { class: "lines" },
        head(whole ? [a && b ? "the same in both" : a ? titles[0] : titles[1]]
          : unified ? ["line"] : titles),
        body));
  };

  const title = (one, index) => (index < 0 ? "nothing" : one.versions[index].title);

  const told = (one, states, titles) => {
    const counts = ["added", "removed", "changed"]
      .map((state) => [states.filter(([each]) => each === state).length, state])
      .filter(([count]) => count).map(([count, state]) => `${count} ${state}`);
    return `${titles[0]} to ${titles[1]}: ${counts.join(", ") || "no difference"}`
      + ` (${counted(states.length, "object")}, automatic indexes left out)`;
  };

  const render = () => {
    const one = reportData.application();
    const { from, to } = range(one);
    byId("schema-from").value = from < 0 ? "nothing" : one.versions[from].version;
    byId("schema-to").value = one.versions[to].version;
    byId("schema-table").value = address.get("schema-table");
    const unified = address.get("schema-as") === "unified";
    const everything = address.get("schema-all") === "yes";
    byId("schema-unified").setAttribute("aria-pressed", String(unified));
    byId("schema-split").setAttribute("aria-pressed", String(!unified));
    byId("schema-all").setAttribute("aria-pressed", String(everything));
    const [before, after] = [from, to].map((index) => reportData.schemaAt(one, index));
    const body = byId("schema-body");
    if (!before || !after) {
      body.replaceChildren(make("p", {}, `The schema at ${title(one, before ? to : from)} could not be built.`));
      return;
    }
    const table = address.get("schema-table").toLowerCase();
    const states = compared(before, after);
    const titles = [title(one, from), title(one, to)];
    const wanted = states.filter(([state, a, b]) => (everything || state !== "same")
      && (!table || (b ?? a).table.toLowerCase().includes(table)));
    body.replaceChildren(make("p", {}, told(one, states, titles)));
    firstOf(wanted.map((state) => () => article(state, titles, unified)), MOST_OBJECTS, "object", body);
  };

  const choices = () => {
    const one = reportData.application();
    fillVersions(byId("schema-from"), one, "nothing");
    fillVersions(byId("schema-to"), one);
  };

  const start = () => {
    for (const key of ["schema-from", "schema-to"])
      byId(key).addEventListener("change", (event) => address.set({ [key]: event.target.value }));
    byId("schema-table").addEventListener("input", (event) =>
      address.set({ "schema-table": event.target.value }));
    byId("schema-split").addEventListener("click", () => address.set({ "schema-as": "" }));
    byId("schema-unified").addEventListener("click", () => address.set({ "schema-as": "unified" }));
    byId("schema-all").addEventListener("click", () =>
      address.set({ "schema-all": address.get("schema-all") ? "" : "yes" }));
  };

  return { id: "schema", keys: /^schema/, start, choices, render };
})();
