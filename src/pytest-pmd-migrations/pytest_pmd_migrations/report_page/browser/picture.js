// The tables at a version as boxes with their keys; what the step changed told by word and line.

const pictureView = (() => {
  const LINE = 17;
  const SMALLEST = 0.7; // of its own size: what is fitted to a narrow window must be legible still
  const LETTER = 7.3;
  const MOST_COLUMNS = 26;
  const MOST_DETAILED = 45;
  const MANY = 60;
  const SIGN = { added: "+", removed: "−", changed: "~", same: " " };

  const isTable = ({ type }) => type === "table" || type === "virtual";
  const byName = (objects) => new Map(objects.filter(isTable).map((one) => [one.name.toLowerCase(), one]));

  const states = (before, after, same) => {
    const names = new Set([...before.keys(), ...after.keys()]);
    return [...names].map((name) => {
      const [a, b] = [before.get(name), after.get(name)];
      return [!a ? "added" : !b ? "removed" : same(a, b) ? "same" : "changed", b ?? a, a];
    });
  };

  const named = (columns) => new Map((columns ?? []).map((one) => [one.name.toLowerCase(), one]));
  const alike = (a, b) => JSON.stringify(a) === JSON.stringify(b);
  const keyNames = (keys) => new Map((keys ?? []).map((key) =>
    [`${key.columns.join(", ")} ${key.table}`.toLowerCase(), key]));

  // Every table of both versions, with the state of each column and foreign key.
  const readTables = (before, after) =>
    states(byName(before), byName(after), (a, b) => a.sql === b.sql).map(([state, now, was]) => {
      const whole = state === "added" || state === "removed";
      const of = (reader, part, same) => (whole
        ? [...reader(now[part]).values()].map((one) => [state, one])
        : states(reader(was[part]), reader(now[part]), same));
      return {
        state, name: now.name,
        columns: of(named, "columns", alike),
        keys: of(keyNames, "foreign_keys", alike),
      };
    });

  const withNeighbours = (tables, chosen) => {
    const wanted = new Set(chosen.map(({ name }) => name.toLowerCase()));
    const kept = new Set(wanted);
    for (const { name, keys } of tables) {
      for (const [, { table }] of keys) {
        if (wanted.has(name.toLowerCase())) kept.add(table.toLowerCase());
        if (wanted.has(table.toLowerCase())) kept.add(name.toLowerCase());
      }
    }
    return tables.filter(({ name }) => kept.has(name.toLowerCase()));
  };

  const chosenTables = (tables, onlyTouched) => {
    const text = address.get("tables-table").toLowerCase();
    if (text) {
      const exact = tables.filter(({ name }) => name.toLowerCase() === text);
      return withNeighbours(tables, exact.length ? exact
        : tables.filter(({ name }) => name.toLowerCase().includes(text)));
    }
    const touched = tables.filter(({ state }) => state !== "same");
    return onlyTouched && touched.length ? withNeighbours(tables, touched) : tables;
  };

  const columnText = ([state, column], references) => {
    const marks = [column.key ? "PK" : "", references.has(column.name.toLowerCase()) ? "FK" : ""];
    return `${SIGN[state]} ${marks.filter(Boolean).join("+").padEnd(5)} ${column.name} ${column.type}`
      + (column.not_null ? " not null" : "");
  };

  const columnWords = ({ name, type, key, not_null: notNull }) =>
    [name, type, key ? "primary key" : "", notNull ? "not null" : ""].filter(Boolean).join(" ");

  const cut = (text, letters) => (text.length > letters ? `${text.slice(0, letters - 1)}…` : text);

  const boxOf = (table, places, detailed) => {
    const references = new Set(table.keys.flatMap(([, key]) => key.columns.map((one) => one.toLowerCase())));
    const shown = detailed ? table.columns.slice(0, MOST_COLUMNS) : [];
    const lines = shown.map((column) => ({ state: column[0], name: column[1].name.toLowerCase(), text: cut(columnText(column, references), 42) }));
    if (detailed && table.columns.length > shown.length)
      lines.push({ state: "same", name: "", text: `  and ${table.columns.length - shown.length} more columns` });
    const mark = table.state === "same" ? "" : `${SIGN[table.state]} ${table.state}`;
    const letters = Math.max(cut(table.name, 34).length + mark.length + 3, ...lines.map(({ text }) => text.length));
    const [layer, order] = places[table.name] ?? [-1, 0];
    return {
      table, lines, mark, layer, order, linked: [],
      width: Math.max(120, letters * LETTER + 18), height: LINE + 8 + lines.length * LINE + (lines.length ? 6 : 0),
    };
  };

  const boxElement = (box) => draw("g", { class: box.table.state, transform: `translate(${box.x} ${box.y})` },
    draw("title", {}, `${box.table.name}${box.mark ? `: ${box.table.state}` : ""}`),
    draw("rect", { class: "box", width: box.width, height: box.height, rx: 4 }),
    draw("rect", { class: "head", x: 2, y: 2, width: box.width - 4, height: LINE + 4 }),
    draw("text", { class: "name", x: 8, y: LINE }, cut(box.table.name, 34)),
    draw("text", { class: "mark", x: box.width - 8, y: LINE, "text-anchor": "end" }, box.mark),
    box.lines.map(({ state, text }, n) => draw("g", { class: state },
      draw("text", { class: state === "same" ? "" : "mark", x: 8, y: LINE * (n + 2) + 8 }, text))));

  const heightOf = (box, column) => {
    const line = box.lines.findIndex(({ name }) => name === column?.toLowerCase());
    return box.y + (line < 0 ? (LINE + 8) / 2 : LINE * (line + 2) + 4);
  };

  // From the column of the key to the table that it refers to, between the tables on its way.
  const curve = ({ from, to, passes, key: [state, key] }) => {
    const [y1, y2] = [heightOf(from, key.columns[0]), heightOf(to, key.references[0])];
    const leftwards = to.x + to.width < from.x;
    const rightwards = from.x + from.width < to.x;
    const sides = (box) => (leftwards ? [box.x + box.width, box.x] : [box.x, box.x + box.width]);
    const points = [[rightwards ? from.x + from.width : from.x, y1]];
    for (const pass of passes) for (const x of sides(pass)) points.push([x, pass.y + pass.height / 2]);
    points.push([leftwards ? to.x + to.width : to.x, y2]);
    let d = `M${points[0].join(" ")}`;
    for (let n = 1; n < points.length; n += 1) {
      const [[ax, ay], [bx, by]] = [points[n - 1], points[n]];
      const bend = leftwards || rightwards ? Math.abs(bx - ax) / 2 : -42;
      d += n % 2 ? `C${ax + (rightwards ? bend : leftwards ? -bend : bend)} ${ay} ${bx + (rightwards ? -bend : bend)} ${by} ${bx} ${by}`
        : `L${bx} ${by}`;
    }
    return draw("path", { class: `curve ${state}`, d, "marker-end": "url(#tip)" },
      draw("title", {}, keyText(from.table.name, [state, key])));
  };

  const keyText = (name, [state, key]) =>
    `${name}(${key.columns.join(", ")}) refers to ${key.table}${key.references.length ? `(${key.references.join(", ")})` : ""}`
    + (key.on_delete ? `, on delete ${key.on_delete}` : "") + (state === "same" ? "" : ` [${state}]`);

  const link = (one, other) => {
    one.linked.push(other);
    other.linked.push(one);
  };

  // The curves to draw, and room for them in the layers that they pass.
  const linksOf = (boxes, ways) => {
    const find = new Map(boxes.map((box) => [box.table.name.toLowerCase(), box]));
    const room = [];
    const links = [];
    for (const from of boxes) {
      for (const key of from.table.keys) {
        const to = find.get(key[1].table.toLowerCase());
        if (!to) continue;
        const way = ways.get(`${from.table.name}\n${to.table.name}`.toLowerCase()) ?? [];
        const passes = way.map(([layer, order]) => ({ isPass: true, layer, order, width: 0, height: 4, linked: [] }));
        room.push(...passes);
        const row = [from, ...passes, to];
        if (from !== to) for (let n = 1; n < row.length; n += 1) link(row[n - 1], row[n]);
        links.push({ from, to, passes, key });
      }
    }
    return { links, room };
  };

  const picture = (boxes, one, title) => {
    const ways = new Map(one.passes.map(([from, to, ...way]) => [`${from}\n${to}`.toLowerCase(), way]));
    const { links, room } = linksOf(boxes, ways);
    const { width, height } = picturePlaces.place([...boxes, ...room]);
    const drawn = draw("svg", {
      role: "img", "aria-labelledby": "picture-title", viewBox: `-48 -8 ${width + 60} ${height + 16}`,
      width: width + 60, height: height + 16,
    },
    draw("title", { id: "picture-title" }, title),
    draw("defs", {}, draw("marker", { id: "tip", viewBox: "0 0 8 8", refX: 8, refY: 4, markerWidth: 9, markerHeight: 9, orient: "auto", markerUnits: "userSpaceOnUse" },
      draw("path", { class: "tip", d: "M0 0L8 4L0 8Z" }))),
    links.map(curve),
    boxes.map(boxElement));
    drawn.style.minWidth = `${Math.round((width + 60) * SMALLEST)}px`;
    return drawn;
  };

  const twin = (tables) => make("details", { class: "twin", open: tables.length <= 12 },
    make("summary", {}, "The same as text"),
    make("ul", {}, tables.map((table) => make("li", {},
      make("button", { type: "button", "aria-label": `Show ${table.name} and its neighbours`, onclick: () => address.set({ "tables-table": table.name }) }, table.name),
      table.state === "same" ? "" : [" ", make("span", { class: `tag tag-${table.state}` }, table.state)],
      ` ${table.columns.map(([, column]) => columnWords(column)).join(", ")}`,
      table.columns.filter(([state]) => table.state === "changed" && state !== "same")
        .map(([state, { name }]) => `; ${name} ${state}`).join(""),
      table.keys.map((key) => `; ${keyText(table.name, key)}`).join("")))));

  const render = () => {
    const one = reportData.application();
    const wanted = reportData.indexOf(one, address.get("tables-version"));
    const index = wanted < 0 ? reportData.startIndex(one) : wanted;
    const { title, version } = one.versions[index];
    byId("tables-version").value = version;
    byId("tables-table").value = address.get("tables-table");
    const body = byId("tables-body");
    const after = reportData.schemaAt(one, index);
    if (!after) {
      body.replaceChildren(make("p", {}, `The schema at ${title} could not be built.`));
      return;
    }
    const all = readTables(reportData.schemaAt(one, index - 1) ?? after, after);
    const onlyTouched = address.get("tables-touched", all.length > MANY ? "yes" : "no") === "yes";
    const tables = chosenTables(all, onlyTouched).sort((a, b) => a.name.localeCompare(b.name));
    const columns = address.get("tables-columns") !== "no";
    const detailed = columns && tables.length <= MOST_DETAILED;
    const fit = address.get("tables-fit") !== "no";
    byId("tables-columns").setAttribute("aria-pressed", String(columns));
    byId("tables-touched").setAttribute("aria-pressed", String(onlyTouched));
    byId("tables-fit").setAttribute("aria-pressed", String(fit));
    const text = `${tables.length} of ${counted(all.length, "table")} at ${title}`;
    body.replaceChildren(
      make("p", {}, text, columns && !detailed ? `; columns are drawn for ${MOST_DETAILED} tables or fewer: name a table` : "",
        "; an arrow points from a foreign key to the table that it refers to"),
      make("div", { class: fit ? "picture fit" : "picture", tabindex: "0", role: "region", "aria-label": "Boxes and curves of the tables" },
        picture(tables.map((table) => boxOf(table, one.places, detailed)), one, text)),
      twin(tables));
  };

  const choices = () => fillVersions(byId("tables-version"), reportData.application());

  const start = () => {
    byId("tables-version").addEventListener("change", (event) => address.set({ "tables-version": event.target.value }));
    byId("tables-table").addEventListener("input", (event) => address.set({ "tables-table": event.target.value }));
    for (const key of ["tables-columns", "tables-touched", "tables-fit"]) {
      byId(key).addEventListener("click", (event) =>
        address.set({ [key]: event.target.getAttribute("aria-pressed") === "true" ? "no" : "yes" }));
    }
  };

  return { id: "tables", keys: /^tables/, start, choices, render };
})();
