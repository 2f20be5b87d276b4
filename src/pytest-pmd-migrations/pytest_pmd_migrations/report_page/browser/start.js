// Bring the page to life: what the address says is shown, views are drawn when they come into sight.

const views = [schemaView, rowsView, pictureView];
const stale = new Set(views);
const inSight = new Set();

const drawStale = (wanted) => {
  for (const view of [...stale].filter(wanted)) {
    stale.delete(view);
    view.render();
  }
};

const drawInSight = () => drawStale((view) => inSight.has(view.id));

// What lies above a view is drawn before it is gone to: drawn later, it would push the view away.
const reveal = (id) => {
  if (views.some((view) => view.id === id)) drawStale(() => true);
  grids.reveal(id);
};

// The view that a link speaks of, where it names no element.
const viewOfAddress = () => views.find((view) => address.keys().some((key) => view.keys.test(key)));

const chooseApplication = () => {
  const { applications } = reportData.run();
  byId("chosen-application").hidden = applications.length < 2;
  byId("application").replaceChildren(
    ...applications.map(({ name }) => make("option", {}, name)));
  byId("application").value = reportData.application().name;
  byId("all-tables").replaceChildren(
    ...reportData.tableNames(reportData.application()).map((name) => make("option", { value: name })));
  for (const view of views) {
    view.choices();
    stale.add(view);
  }
};

let shownApplication = null;
let started = false;

const showViews = () => {
  byId("views").hidden = !reportData.run().applications.length;
  if (byId("views").hidden) return;
  if (shownApplication !== reportData.application()) {
    shownApplication = reportData.application();
    chooseApplication();
  }
  drawInSight();
};

const follow = (event) => {
  const link = event.target.closest('a[href^="#"]');
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  const at = decodeURIComponent(link.getAttribute("href").slice(1));
  const run = link.dataset.run;
  const section = run && document.querySelector(`section.run[data-run="${run}"]`);
  const runs = document.querySelectorAll("section.run").length;
  address.set(section ? { run: runs > 1 ? section.dataset.name : "", at: "" } : { at }, { step: true });
  if (!section) reveal(at);
};

address.listen((changed) => {
  if (changed.has("run") || changed.has("at")) grids.showRun();
  if (["run", "filter", "only"].some((key) => changed.has(key))) grids.filter();
  for (const view of views) if ([...changed].some((key) => view.keys.test(key))) stale.add(view);
  if (started) showViews();
});

addEventListener("hashchange", () => reveal(address.get("at")));
document.addEventListener("click", follow);
byId("application").addEventListener("change", (event) => address.set({ app: event.target.value }));
addEventListener("beforeprint", () => {
  showViews();
  if (byId("views").hidden) return;
  drawStale(() => true);
});

grids.start();
keyboard.start();
for (const view of views) view.start();
grids.showRun();
grids.filter();

// The verdict is painted before the large block of data is read.
requestAnimationFrame(() => setTimeout(() => {
  started = true;
  showViews();
  const observer = new IntersectionObserver((entries) => {
    for (const { target, isIntersecting } of entries) {
      if (isIntersecting) inSight.add(target.id);
      else inSight.delete(target.id);
    }
    drawInSight();
  }, { rootMargin: "500px" });
  for (const view of views) observer.observe(byId(view.id));
  const wanted = address.get("at") || (viewOfAddress()?.id ?? "");
  if (wanted) reveal(wanted);
}));
