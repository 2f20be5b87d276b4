// The report's versions, schemas and rows: read when a view first asks for them.

const COUNTS = ["before", "after", "kept", "changed", "deleted", "moved", "added"];

const reportData = (() => {
  let runs = null;
  const read = () => (runs ??= JSON.parse(byId("report-data").textContent).runs);

  const runNumber = () => {
    const wanted = address.get("run");
    const at = address.get("at").match(/^(?:run-)?(\d+)/);
    const sections = [...document.querySelectorAll("section.run")];
    const named = sections.findIndex((section) => section.dataset.name === wanted);
    if (named >= 0) return named;
    return at && Number(at[1]) < sections.length ? Number(at[1]) : 0;
  };

  const run = () => read()[runNumber()];

  const application = () => {
    const all = run().applications; // empty where the run did not get as far
    const at = address.get("at").match(/^\d+\.(\d+)/);
    return all.find((one) => one.name === address.get("app")) ?? all[at ? Number(at[1]) : 0] ?? all[0];
  };

  // The schema at each version as a list of objects, null where it could not be built.
  const schemas = (one) => {
    if (one.schemas) return one.schemas;
    let numbers = new Set();
    one.schemas = one.versions.map(({ schema }) => {
      if (schema === null) return null;
      numbers = new Set(numbers);
      for (const number of schema.gone) numbers.delete(number);
      for (const number of schema.new) numbers.add(number);
      return numbers;
    });
    return one.schemas;
  };

  const schemaAt = (one, index) => {
    if (index < 0) return [];
    const numbers = schemas(one)[index];
    return numbers && [...numbers].map((number) => one.objects[number]);
  };

  // Where a view begins that the address says nothing about: the first step that something is
  // wrong with, or the last one.
  const startIndex = (one) => {
    const blamed = one.versions.findIndex(({ version }) => version === one.blamed[0]);
    return blamed >= 0 ? blamed : one.versions.length - 1;
  };

  // What a step did to each table, read from its lines of numbers (page_data.py writes them).
  const stepsOf = (one, version) => version.steps.map((line) => {
    const [name, after, declared, evidence, ...rest] = line;
    const counts = Object.fromEntries(COUNTS.map((count, n) => [count, rest[n]]));
    return {
      starts: rest.slice(COUNTS.length).map((start) => one.starts[start]),
      table: {
        name: one.texts[name], after_name: after === null ? null : one.texts[after],
        declared: one.texts[declared], evidence: one.texts[evidence], ...counts,
      },
    };
  });

  const indexOf = (one, version) =>
    one.versions.findIndex((each) => String(each.version) === version);

  const tableNames = (one) => Object.keys(one.places).sort((a, b) => a.localeCompare(b));

  return { run, runNumber, application, schemaAt, stepsOf, startIndex, indexOf, tableNames };
})();

const versionName = ({ title, description }) => (description ? `${title}  ${description}` : title);

// A chooser of versions; `first` is what stands before the oldest one.
const fillVersions = (select, one, first = "") => {
  select.replaceChildren(
    ...(first ? [make("option", { value: "nothing" }, first)] : []),
    ...one.versions.map((each) => make("option", { value: each.version }, versionName(each))),
  );
};
