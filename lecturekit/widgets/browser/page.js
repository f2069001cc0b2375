// The elements of a demo on stage, once; `presenter.js` fills and moves them.

export function node(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value !== false && value !== null) element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

const KEYS = [
  ["1–5, arrows", "choose an answer"],
  ["space", "lock the answer; then: next preset"],
  ["← →", "turn the control in focus"],
  ["↑ ↓, Tab", "go to another control"],
  ["1–9", "a preset"],
  ["PageUp, PageDown", "presets, with a clicker"],
  ["f", "full screen"],
  ["n  p  t", "notes, code, table"],
  ["v", "how the class has voted"],
  ["r", "begin again"],
  ["Esc", "close this"],
];

export function helpTable() {
  const rows = KEYS.map(([key, what]) =>
    node("tr", {}, node("th", { scope: "row" }, key), node("td", {}, what)),
  );
  return node("table", {}, ...rows);
}

export function dataTable(deck, frame, caption) {
  const cell = (value) => node("td", {}, value === null ? "-" : String(value));
  const head = node("tr", {}, ...deck.columns.map((c) => node("th", { scope: "col" }, c)));
  const rows = frame.rows.map((row) => node("tr", {}, ...row.map(cell)));
  return node("table", {}, node("caption", {}, caption), head, ...rows);
}

export function optionButton(option, index, choose) {
  const label = node("span", { class: "lk-label" }, option);
  const mark = node("span", { class: "lk-key", "aria-hidden": "true" }, String(index + 1));
  const bar = node("span", { class: "lk-votes" });
  const attributes = { role: "radio", "aria-checked": "false", tabindex: "-1" };
  return node("div", { class: "lk-option", ...attributes, onclick: choose }, mark, label, bar);
}

const MOST_LETTERS = 110; // of labels side by side: more do not fit a line

export function slider(control, turn) {
  const labels = control.labels.join("").length > MOST_LETTERS ? [] : control.labels;
  const values = labels.map((label, position) =>
    node("span", { class: "lk-value", onclick: () => turn(position) }, label),
  );
  const attributes = { role: "slider", tabindex: "0", "aria-label": control.label };
  const range = { "aria-valuemin": "0", "aria-valuemax": String(control.labels.length - 1) };
  const name = node("span", { class: "lk-name" }, control.label);
  const track = node("span", { class: "lk-track" }, ...values);
  const whole = node("div", { class: "lk-control", ...attributes, ...range }, name, track);
  if (!labels.length) track.append(long(control, turn));
  return whole;
}

// Too many values for words: a bar that is filled as far as the value is.
function long(control, turn) {
  const last = control.labels.length - 1;
  const bar = node("span", { class: "lk-bar" }, node("span", { class: "lk-filled" }), node("span", { class: "lk-said" }));
  bar.addEventListener("click", (event) => {
    const { left, width } = bar.getBoundingClientRect();
    turn(Math.round((last * (event.clientX - left)) / width));
  });
  return bar;
}

export function presetButton(preset, index, press) {
  const key = node("span", { class: "lk-key", "aria-hidden": "true" }, String(index + 1));
  return node("button", { type: "button", class: "lk-preset", onclick: press }, key, preset.title);
}

export function view(figure) {
  const title = node("h3");
  const alt = figure.layout.meta?.alt ?? "";
  const plot = node("div", { class: "lk-plot", role: "img", "aria-label": alt });
  const style = `flex-grow: ${figure.layout.meta?.grow ?? 1}`;
  return { title, plot, whole: node("figure", { class: "lk-view", style }, title, plot) };
}

// All parts by name; `on` says what a click does.
export function pageOf(deck, on) {
  const { plan } = deck;
  const parts = {
    question: node("p", { class: "lk-question" }, plan.question),
    options: plan.options.map((o, i) => optionButton(o, i, () => on.choose(i))),
    hint: node("p", { class: "lk-hint", role: "status" }),
    verdict: node("p", { class: "lk-verdict", "aria-live": "polite" }),
    views: deck.bases.map(view),
    says: node("p", { class: "lk-says", role: "status", "aria-live": "polite" }),
    controls: plan.controls.map((c, i) => slider(c, (position) => on.turn(i, position))),
    presets: plan.presets.map((p, i) => presetButton(p, i, () => on.press(String(i + 1)))),
    panel: node("aside", { class: "lk-panel", tabindex: "-1", hidden: "" }),
    trouble: node("p", { class: "lk-trouble", role: "alert" }),
  };
  const radios = { class: "lk-options", role: "radiogroup", "aria-label": plan.question };
  parts.ask = node("div", { class: "lk-ask" }, parts.question, node("div", radios, ...parts.options), parts.hint);
  parts.show = node(
    "div",
    { class: "lk-show" },
    parts.verdict,
    node("div", { class: "lk-views" }, ...parts.views.map((v) => v.whole)),
    parts.says,
    node("div", { class: "lk-controls" }, ...parts.controls),
    node("div", { class: "lk-presets", role: "group", "aria-label": "presets" }, ...parts.presets),
  );
  const lecture = node("p", { class: "lk-lecture" }, plan.lecture);
  const keys = node("p", { class: "lk-keys" }, "? keys · f full screen");
  const header = node("header", {}, node("h2", {}, plan.title), lecture, keys);
  const root = { class: "lk-demo", tabindex: "0", "aria-label": plan.title };
  parts.root = node("section", { ...root, "data-lm-suppress-shortcuts": "true" });
  parts.root.append(header, parts.trouble, parts.ask, parts.show, parts.panel);
  return parts;
}
