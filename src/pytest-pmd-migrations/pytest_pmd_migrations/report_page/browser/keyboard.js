// The keys of the page. A key typed into a field, or with Ctrl, Alt or Meta, is not ours.

const keyboard = (() => {
  const help = byId("help");

  const isTyped = (target) => target.matches("input, select, textarea");

  const endFilter = () => {
    address.set({ filter: "", only: "" });
    document.activeElement.blur();
  };

  const keys = {
    f: () => grids.nextFailing(1),
    F: () => grids.nextFailing(-1),
    n: () => grids.nextCause(1),
    p: () => grids.nextCause(-1),
    "/": () => byId("filter").focus(),
    "?": () => help.showModal(),
  };

  const pressed = (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || help.open) return;
    if (event.key === "Escape") return endFilter();
    if (isTyped(event.target) || !Object.hasOwn(keys, event.key)) return;
    event.preventDefault();
    keys[event.key]();
  };

  const start = () => {
    document.addEventListener("keydown", pressed);
    byId("tools").addEventListener("submit", (event) => event.preventDefault());
    byId("filter").addEventListener("input", (event) => address.set({ filter: event.target.value }));
    byId("only-bad").addEventListener("click", () =>
      address.set({ only: address.get("only") === "failing" ? "" : "failing" }));
    byId("next-bad").addEventListener("click", () => grids.nextFailing(1));
    byId("open-help").addEventListener("click", keys["?"]);
    byId("tools").hidden = false;
  };

  return { start };
})();
