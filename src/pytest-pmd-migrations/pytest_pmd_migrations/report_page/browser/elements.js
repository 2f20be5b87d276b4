// Make elements. A text of the report is only ever a text node: nothing of it can become markup.

const SVG = "http://www.w3.org/2000/svg";

const byId = (id) => document.getElementById(id);

const fill = (element, attributes, children) => {
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "onclick") element.addEventListener("click", value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== null) element.setAttribute(name, value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== ""));
  return element;
};

const make = (tag, attributes = {}, ...children) =>
  fill(document.createElement(tag), attributes, children);

const draw = (tag, attributes = {}, ...children) =>
  fill(document.createElementNS(SVG, tag), attributes, children);

const counted = (number, noun) => `${number} ${noun}${number === 1 ? "" : "s"}`;

// The first of many, and a button for the rest: no page of a large report is slow to draw.
const firstOf = (elements, limit, noun, container) => {
  container.append(...elements.slice(0, limit).map((build) => build()));
  if (elements.length <= limit) return;
  const rest = elements.slice(limit);
  const more = make("button", {
    type: "button",
    onclick: () => {
      const built = rest.map((build) => build());
      more.replaceWith(...built);
      const first = built[0];
      first.tabIndex = -1;
      first.focus();
    },
  }, `Show ${rest.length} more ${noun}s`);
  container.append(more);
};
