// A demo on stage: takes keys, moves the state, draws what the deck says about it.
//
//   mount(place, { deck, plotly, code, text, votes, onText })
//
// `plotly` is a promise: questions can be asked while it loads. Where it fails, the
// table stands in for the views. No kernel, no server and no network is asked, but for
// the votes of a class, if there are any, when `v` is pressed.

import { begin, press, restore, scrolls, toText, turn } from "./moves.js";
import { dataTable, helpTable, node, pageOf } from "./page.js";
import { frameOf, pictureOf, titleOf } from "./pictures.js";

const BROWSER_KEYS = ["Tab", "Shift", "Control", "Alt", "Meta", "F5", "F11", "F12"];
const CHOOSE_FIRST = "Choose an answer first: 1 to 5, or the arrows.";

export function mount(place, { deck, plotly, code = "", text = "", votes = "", onText = () => {} }) {
  const { plan } = deck;
  const page = pageOf(deck, {
    choose: (i) => state.locked || go(press(plan, state, String(i + 1))),
    turn: (i, position) => go(turn(plan, state, i, position)),
    press: (key) => go(press(plan, state, key)),
  });
  let state = begin(plan);
  let Plotly = null;
  let due = 0; // since when a redraw is waited for, or 0

  try {
    if (text) state = restore(plan, text);
  } catch (error) {
    page.trouble.textContent = `${error.message}. The demo begins anew.`;
  }

  function go(next, since = performance.now()) {
    const before = state;
    state = next;
    write(page, deck, state, { code, isReset: before.locked && !next.locked });
    if (next.focus !== before.focus && next.locked) page.controls[next.focus].focus();
    if (next.choice !== before.choice && !next.locked && next.choice !== null) {
      page.options[next.choice].focus();
    }
    if (next.locked !== before.locked) (next.locked ? page.controls[0] : page.root).focus();
    if (next.panel) page.panel.focus();
    else if (before.panel) (next.locked ? page.controls[next.focus] : page.root).focus();
    onText(toText(plan, state));
    redraw(since);
  }

  function redraw(since) {
    if (!due) requestAnimationFrame(() => draw());
    due ||= since;
  }

  async function draw() {
    const since = due;
    due = 0;
    if (!state.locked || !Plotly) return;
    const text = textSize(page.root);
    // All boxes first: each reading after a writing would lay the page out anew.
    const boxes = page.views.map(({ plot }) => ({
      text,
      width: plot.clientWidth,
      height: plot.clientHeight,
    }));
    const drawn = page.views.map(({ plot }, view) => {
      const { data, layout } = pictureOf(deck, state.at, state.ghost, view, boxes[view]);
      return Plotly.react(plot, data, layout, { staticPlot: true });
    });
    await Promise.all(drawn);
    page.root.dataset.drawn = state.at.join(",");
    afterPaint(() => performance.measure("lecturekit-redraw", { start: since }));
  }

  page.root.addEventListener("keydown", (event) => {
    const isModified = event.ctrlKey || event.altKey || event.metaKey;
    if (isModified || BROWSER_KEYS.includes(event.key)) return;
    if (event.target.tagName === "BUTTON" && [" ", "Enter"].includes(event.key)) return;
    event.stopPropagation();
    if (scrolls(state, event.key)) return;
    event.preventDefault();
    if (event.key === "f") fullScreen(page.root);
    else if (event.key === "v") showVotes(page, votes);
    else go(press(plan, state, event.key), event.timeStamp);
    if (!state.locked && state.choice === null && [" ", "Enter"].includes(event.key)) {
      page.hint.textContent = CHOOSE_FIRST;
    }
  });
  page.controls.forEach((control, i) =>
    control.addEventListener("focus", () => (state = { ...state, focus: i })),
  );
  place.replaceChildren(page.root);
  write(page, deck, state, { code });
  const observer = new ResizeObserver(() => redraw(performance.now()));
  observer.observe(page.root);
  plotly.then(
    (loaded) => {
      Plotly = loaded;
      page.root.dataset.ready = "true";
      redraw(performance.now());
    },
    (error) => {
      page.trouble.textContent = `The figures cannot be drawn (${error.message}): the tables show the same numbers.`;
      page.root.dataset.ready = "false";
      page.root.classList.add("lk-without-figures");
      write(page, deck, state, { code });
    },
  );
  if (document.activeElement === document.body) page.root.focus({ preventScroll: true });
  return { root: page.root, text: () => toText(plan, state), stop: () => observer.disconnect() };
}

function write(page, deck, state, { code, isReset = false }) {
  const { plan } = deck;
  page.ask.hidden = state.locked;
  page.show.hidden = !state.locked;
  page.options.forEach((option, i) => {
    option.setAttribute("aria-checked", String(i === state.choice));
    option.tabIndex = i === (state.choice ?? 0) ? 0 : -1;
  });
  page.hint.textContent =
    state.choice === null || isReset ? "Which do you predict?" : "Space locks this answer.";
  writePanel(page, deck, state, code);
  if (!state.locked) return;
  const frame = frameOf(deck, state.at);
  const verdict = state.choice === plan.right ? "As you predicted" : "Not what you predicted";
  page.verdict.hidden = plan.options.length === 0;
  page.verdict.textContent = `${verdict}: ${plan.options[plan.right]}. ${plan.because}`;
  const preset = plan.presets[state.preset];
  const isPreset = String(preset.at) === String(state.at);
  page.says.textContent = isPreset ? `${frame.says} ${preset.says}` : frame.says;
  page.presets.forEach((button, i) =>
    button.setAttribute("aria-pressed", String(isPreset && i === state.preset)),
  );
  page.controls.forEach((control, i) => {
    const { labels } = plan.controls[i];
    control.setAttribute("aria-valuenow", state.at[i]);
    control.setAttribute("aria-valuetext", labels[state.at[i]]);
    const filled = control.querySelector(".lk-filled");
    if (filled) {
      filled.style.width = `${(100 * state.at[i]) / (labels.length - 1)}%`;
      control.querySelector(".lk-said").textContent = labels[state.at[i]];
    }
    control.querySelectorAll(".lk-value").forEach((value, position) => {
      value.classList.toggle("lk-on", position === state.at[i]);
      value.classList.toggle("lk-was", position === state.ghost?.[i] && position !== state.at[i]);
    });
  });
  page.views.forEach(({ title }, view) => (title.textContent = titleOf(deck, state.at, view)));
  if (page.root.classList.contains("lk-without-figures")) {
    page.views[0].plot.replaceChildren(dataTable(deck, frame, frame.says));
  }
}

function writePanel(page, deck, state, code) {
  const { plan } = deck;
  page.panel.hidden = !state.panel;
  const close = node("p", { class: "lk-keys" }, "Esc closes");
  const contents = {
    help: () => [node("h3", {}, "Keys"), helpTable()],
    notes: () => [node("h3", {}, "Notes"), ...plan.script.map((p) => node("p", {}, p))],
    code: () => [node("h3", {}, "The lines that run"), node("pre", { tabindex: "0" }, code)],
    table: () => {
      if (!state.locked) return [node("p", {}, "The numbers show once an answer is locked.")];
      return [dataTable(deck, frameOf(deck, state.at), frameOf(deck, state.at).says)];
    },
  };
  page.panel.setAttribute("aria-label", state.panel || "closed");
  page.panel.replaceChildren(...(state.panel ? [...contents[state.panel](), close] : []));
}

// How the class has voted, beside each answer.
async function showVotes(page, address) {
  try {
    if (!address) throw new Error("start `lecturekit votes`");
    const answer = await fetch(address);
    if (!answer.ok) throw new Error(`the vote page says ${answer.status}`);
    const counts = await answer.json();
    const all = counts.reduce((sum, count) => sum + count, 0);
    page.options.forEach((option, i) => {
      option.querySelector(".lk-votes").textContent = `${counts[i]} of ${all}`;
      option.style.setProperty("--share", `${(100 * counts[i]) / Math.max(all, 1)}%`);
    });
    page.hint.textContent = `${all} have voted.`;
  } catch (error) {
    page.hint.textContent = `No votes to show (${error.message}): ask for hands.`;
  }
}

// 24 pixels at 1920, as the style sheet has it.
function textSize(root) {
  return Math.max(14, root.clientWidth / 80);
}

function afterPaint(done) {
  requestAnimationFrame(() => {
    const channel = new MessageChannel();
    channel.port1.onmessage = done;
    channel.port2.postMessage(null);
  });
}

function fullScreen(root) {
  if (document.fullscreenElement) document.exitFullscreen();
  else root.requestFullscreen?.();
}
