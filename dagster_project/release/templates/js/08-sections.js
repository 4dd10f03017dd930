/** Sections draw themselves again when the language, the theme or their width changes. `needs`: tables. */
const sections = new Map();
const section = (name, needs, render) => sections.set(name, { needs, render });
const drawn = new Set();
const renderAll = () => {
  for (const name of drawn) sections.get(name).render();
};

/** On a small screen a table folds two columns into its first one. */
const smallScreen = matchMedia("(max-width: 700px)");

/** A text that shows on hover and on focus, Escape hides it. Rich enough for several lines. */
const floating = byId("tip");
let placeTip = null;
const hideTip = () => {
  floating.hidden = true;
  placeTip = null;
};
const withTip = (node, lines) => {
  const place = () => {
    const at = node.getBoundingClientRect();
    const left = Math.min(Math.max(8, at.left), innerWidth - floating.offsetWidth - 8);
    const below = at.bottom + 6 + floating.offsetHeight < innerHeight;
    floating.style.left = `${left}px`;
    floating.style.top = `${below ? at.bottom + 6 : at.top - floating.offsetHeight - 6}px`;
  };
  const show = () => {
    floating.replaceChildren(...lines.map((line) => el("p", {}, line)));
    floating.hidden = false;
    placeTip = place;
    place();
  };
  node.classList.add("has-tip");
  node.setAttribute("aria-describedby", "tip");
  for (const event of ["mouseenter", "focus"]) node.addEventListener(event, show);
  for (const event of ["mouseleave", "blur"]) node.addEventListener(event, hideTip);
  return node;
};
addEventListener("keydown", (event) => { if (event.key === "Escape") hideTip(); });
// What is focused may have been scrolled into view by that: its text follows it.
addEventListener("scroll", () => placeTip?.(), { passive: true, capture: true });
