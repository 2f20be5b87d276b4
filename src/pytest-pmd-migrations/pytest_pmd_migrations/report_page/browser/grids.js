// Grids, causes and timeline stand in the page: unfold rows, filter them, go to one of them.

const grids = (() => {
  const shownRun = () => document.querySelector("section.run:not([hidden])");

  const unfold = (body, open) => {
    const button = body.querySelector(".unfold");
    if (!button) return;
    button.setAttribute("aria-expanded", String(open));
    for (const row of body.querySelectorAll(".member")) row.hidden = !open;
  };

  const rowText = (row) =>
    [row.textContent, ...[...row.querySelectorAll("[aria-label]")].map((one) => one.ariaLabel)]
      .join(" ").toLowerCase();

  const filter = () => {
    const text = address.get("filter").trim().toLowerCase();
    const onlyBad = address.get("only") === "failing";
    byId("filter").value = address.get("filter");
    byId("only-bad").setAttribute("aria-pressed", String(onlyBad));
    let shown = 0;
    let all = 0;
    for (const body of shownRun().querySelectorAll(".grid tbody")) {
      const folded = body.querySelector(".folded");
      const wanted = !onlyBad || body.classList.contains("bad");
      for (const row of body.querySelectorAll("tr:not(.folded)")) {
        const fits = wanted && (!text || rowText(row).includes(text));
        all += 1;
        shown += fits;
        row.hidden = !fits || (folded !== null && !text && !isOpen(body));
      }
      if (folded) folded.hidden = !wanted || Boolean(text);
    }
    for (const one of shownRun().querySelectorAll(".cause, .versions tbody tr")) {
      const bad = !onlyBad || one.matches(".cause, .bad");
      const fits = bad && (!text || one.textContent.toLowerCase().includes(text));
      one.hidden = !fits;
      all += 1;
      shown += fits;
    }
    byId("told").textContent = text || onlyBad ? `${shown} of ${all} shown` : "";
  };

  const isOpen = (body) => body.querySelector(".unfold")?.ariaExpanded === "true";

  // Bring an element into view and give it the focus, whatever hides it now.
  const reveal = (id) => {
    const element = ["timeline", "forecast"].includes(id) ? shownRun().querySelector(`.${id}`) : byId(id);
    if (!element) return;
    const body = element.closest("tbody");
    if (body && element.closest("[hidden]")) unfold(body, true);
    for (let one = element; one; one = one.parentElement) {
      if (one.tagName === "DETAILS") one.open = true;
      if (one.hidden && one.id !== "views") one.hidden = false;
    }
    const focused = element.matches("td") ? element.querySelector("a") ?? element
      : element.querySelector(":scope > summary") ?? element;
    if (focused === element && !element.hasAttribute("tabindex")) element.tabIndex = -1;
    focused.focus({ preventScroll: true });
    element.scrollIntoView({ block: element.matches("td, tr") ? "center" : "start" });
  };

  const showRun = () => {
    const number = reportData.runNumber();
    for (const section of document.querySelectorAll("section.run"))
      section.hidden = section.dataset.run !== String(number);
    for (const link of document.querySelectorAll(".runs a")) {
      if (link.dataset.run === String(number)) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
    }
  };

  const failing = () => [...shownRun().querySelectorAll("td[id].word-FAIL, td[id].word-died")];
  const causes = () => [...shownRun().querySelectorAll(".cause:not([hidden])")];

  // The next or previous of some elements, seen from where the focus is; round at the end.
  const neighbour = (elements, direction) => {
    const at = elements.findIndex((one) => one.contains(document.activeElement));
    const next = at < 0 ? (direction > 0 ? 0 : elements.length - 1) : at + direction;
    return elements[(next + elements.length) % elements.length];
  };

  const goTo = (elements, direction, kind) => {
    const next = neighbour(elements, direction);
    byId("told").textContent = next
      ? `${kind} ${elements.indexOf(next) + 1} of ${elements.length}` : `no ${kind}`;
    if (!next) return;
    address.set({ at: next.id }, { step: true });
    reveal(next.id);
  };

  const start = () => {
    for (const alike of document.querySelectorAll(".alike")) {
      const body = alike.closest("tbody");
      alike.replaceWith(make("button", {
        type: "button", class: "unfold", "aria-expanded": "false",
        onclick: () => unfold(body, !isOpen(body)),
      }, alike.textContent.slice(1, -1)));
    }
    for (const button of document.querySelectorAll(".open-all")) {
      const all = [...button.closest(".causes").querySelectorAll(".cause")];
      button.hidden = false;
      button.addEventListener("click", () => {
        const open = all.some((one) => !one.open);
        for (const one of all) one.open = open;
        button.textContent = open ? "Close all" : "Open all";
      });
    }
  };

  return {
    start, filter, reveal, showRun,
    nextFailing: (direction) => goTo(failing(), direction, "failing cell"),
    nextCause: (direction) => goTo(causes(), direction, "cause"),
  };
})();
