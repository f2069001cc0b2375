// From a deck to what plotly draws: changes put in, a ghost behind, text for a lecture hall.

const DRAWN_FOR = 14; // pixels: the text size that line widths and markers go with

export function frameOf(deck, at) {
  return deck.frames[at.join(",")];
}

// A copy of `base` with changes, each [path, value], or [path] for a deletion.
export function changed(base, changes) {
  const whole = structuredClone(base);
  for (const [path, ...value] of changes) {
    const inner = path.slice(0, -1).reduce((part, name) => part[name], whole);
    if (value.length) inner[path.at(-1)] = structuredClone(value[0]);
    else delete inner[path.at(-1)];
  }
  return whole;
}

export function figureOf(deck, at, view) {
  return changed(deck.bases[view], frameOf(deck, at).changes[view]);
}

// What is left of a trace that is not shown any more: faint, and without words.
function faded(trace) {
  const faint = { opacity: 0.3, showlegend: false, hoverinfo: "skip", name: "" };
  if ((trace.type ?? "scatter") === "scatter") {
    const mode = (trace.mode ?? "lines").replace(/\+?text/, "");
    return mode ? { ...trace, ...faint, mode, fill: "none" } : null;
  }
  if (trace.type === "bar" && trace.orientation !== "h") {
    const marker = { symbol: "line-ew", size: 16, line: { width: 3, color: "#222222" } };
    return { ...faint, opacity: 0.7, x: trace.x, y: trace.y, mode: "markers", marker };
  }
  return null;
}

// Text of `box.text` pixels; lines, markers and margins grow with it.
export function pictureOf(deck, at, ghost, view, box) {
  const { data, layout } = figureOf(deck, at, view);
  const scale = box.text / DRAWN_FOR;
  const behind = ghost ? figureOf(deck, ghost, view).data.map(faded).filter(Boolean) : [];
  const traces = [...behind, ...data].map((trace) => scaled(trace, scale));
  const font = { ...layout.template?.layout?.font, size: box.text };
  for (const name of ["xaxis", "yaxis"]) layout[name] = axisOf(layout[name] ?? {}, box.text);
  const legend = { orientation: "h", x: 0, y: 1, yanchor: "bottom", ...layout.legend };
  // Fixed, since measuring labels to find margins takes longer than all the rest.
  const margin = { l: 4 * box.text, r: box.text, t: box.text, b: 3.2 * box.text, pad: 0 };
  if (layout.showlegend) margin.t = 2 * box.text;
  const { width, height } = box;
  const whole = { ...layout, font, margin, legend, width, height, autosize: false };
  return { data: traces, layout: { ...whole, title: undefined } };
}

function axisOf(axis, size) {
  const isEach = axis.type === "category" || axis.type === "log"; // word, or power of ten
  const ticks = isEach ? { tickmode: "linear", dtick: 1 } : { nticks: 6 };
  const title = { ...axis.title, font: { size }, standoff: size / 3 };
  return { ...ticks, ...axis, automargin: false, title };
}

function scaled(trace, scale) {
  const grown = { ...trace };
  if (trace.line || (trace.mode ?? "").includes("lines")) {
    grown.line = { ...trace.line, width: (trace.line?.width ?? 2) * scale };
  }
  if ((trace.mode ?? "").includes("markers")) {
    const size = trace.marker?.size ?? 6;
    const bigger = Array.isArray(size) ? size.map((s) => s * scale) : size * scale;
    grown.marker = { ...trace.marker, size: bigger };
  }
  return grown;
}

export function titleOf(deck, at, view) {
  return figureOf(deck, at, view).layout.title?.text ?? "";
}
