// How keys move a demo on stage: the moves of stage.py, which explains them, again in
// the browser, so that no kernel is asked. A test sends both through the same keys.

export const PANELS = { "?": "help", n: "notes", p: "code", t: "table" };
const within = (number, last) => Math.min(Math.max(number, 0), last);
const same = (one, other) => String(one) === String(other);

export function begin(plan) {
  const at = plan.presets[0].at;
  const locked = plan.options.length === 0; // nothing is asked
  return { at, ghost: null, choice: null, locked, preset: 0, focus: 0, panel: "" };
}

export function press(plan, state, key) {
  if (Object.hasOwn(PANELS, key)) {
    return { ...state, panel: state.panel === PANELS[key] ? "" : PANELS[key] };
  }
  if (key === "Escape") return { ...state, panel: "" };
  if (key === "r") return begin(plan);
  if (scrolls(state, key)) return state;
  return state.locked ? show(plan, state, key) : ask(plan, state, key);
}

// With a panel open, these two scroll it.
export function scrolls(state, key) {
  return state.panel !== "" && (key === "ArrowUp" || key === "ArrowDown");
}

function ask(plan, state, key) {
  const last = plan.options.length - 1;
  const { choice } = state;
  const choose = (position) => ({ ...state, choice: position });
  if ([" ", "Enter", "PageDown"].includes(key)) {
    if (choice !== null) return { ...state, locked: true };
    return key === "PageDown" ? choose(0) : state;
  }
  if (/^[1-9]$/.test(key)) return +key <= last + 1 ? choose(+key - 1) : state;
  if (key === "PageUp") return choose(choice === null || choice === last ? 0 : choice + 1);
  if (key === "ArrowDown" || key === "ArrowRight") {
    return choose(choice === null ? 0 : within(choice + 1, last));
  }
  if (key === "ArrowUp" || key === "ArrowLeft") {
    return choose(choice === null ? last : within(choice - 1, last));
  }
  return state;
}

function show(plan, state, key) {
  if (key === "ArrowDown" || key === "ArrowUp") {
    const focus = state.focus + (key === "ArrowDown" ? 1 : -1);
    return { ...state, focus: within(focus, state.at.length - 1) };
  }
  const here = state.at[state.focus];
  const there = { ArrowRight: here + 1, ArrowLeft: here - 1, Home: 0, End: Infinity };
  if (key in there) return turn(plan, state, state.focus, there[key]);
  let { preset } = state;
  const last = plan.presets.length - 1;
  if ([" ", "Enter", "PageDown"].includes(key)) preset += 1;
  else if (key === "PageUp") preset -= 1;
  else if (/^[1-9]$/.test(key) && +key <= last + 1) preset = +key - 1;
  else return state;
  preset = within(preset, last);
  return { ...move(state, plan.presets[preset].at), preset };
}

export function turn(plan, state, control, position) {
  if (!state.locked) return state;
  const last = plan.controls[control].keys.length - 1;
  const at = state.at.with(control, within(position, last));
  return { ...move(state, at), focus: control };
}

function move(state, at) {
  return same(at, state.at) ? state : { ...state, at, ghost: state.at };
}

export function toText(plan, state) {
  const fields = new URLSearchParams({ seed: plan.seed });
  plan.controls.forEach(({ name, keys }, i) => fields.set(name, keys[state.at[i]]));
  fields.set("preset", state.preset + 1);
  if (state.choice !== null) fields.set("predict", state.choice + 1);
  if (state.locked) fields.set("locked", "1");
  if (state.ghost) fields.set("ghost", state.ghost.join(","));
  return fields.toString();
}

// Throws an Error with one sentence if the text is not of this demo.
export function restore(plan, text) {
  const fields = new URLSearchParams(text.replace(/^[#?]+/, ""));
  const take = (name) => {
    const value = fields.get(name) ?? "";
    fields.delete(name);
    return value;
  };
  const seed = take("seed") || String(plan.seed);
  if (seed !== String(plan.seed)) {
    throw new Error(
      `expected seed ${plan.seed}, which the deck was recorded with, got ${seed}: ` +
        "record the demo with that seed",
    );
  }
  const state = begin(plan);
  const at = plan.controls.map(({ name, keys }, i) => {
    const value = take(name);
    if (value && !keys.includes(value)) {
      throw new Error(`${name} must be one of ${keys.join(", ")}, got ${value}`);
    }
    return value ? keys.indexOf(value) : state.at[i];
  });
  const preset = number("preset", take("preset"), plan.presets.length, 1) ?? 0;
  const choice = number("predict", take("predict"), plan.options.length, 1);
  const locked = (take("locked") === "1" && choice !== null) || state.locked;
  const positions = take("ghost");
  const unknown = [...fields.keys()];
  if (unknown.length) throw new Error(`the demo ${plan.name} has no ${unknown}`);
  const ghost = positions ? ghostOf(plan, positions) : null;
  return { ...state, at, ghost, choice, locked, preset };
}

function ghostOf(plan, text) {
  const positions = text.split(",");
  if (positions.length !== plan.controls.length) {
    throw new Error(`ghost must be ${plan.controls.length} positions, got ${text}`);
  }
  return positions.map((p, i) => number("ghost", p, plan.controls[i].keys.length, 0) ?? 0);
}

function number(name, text, count, first) {
  if (!text) return null;
  if (!/^\d+$/.test(text) || +text < first || +text >= first + count) {
    throw new Error(`${name} must be a number from ${first} to ${first + count - 1}, got ${text}`);
  }
  return +text - first;
}
