// In JupyterLab a demo covers the whole page, as long as nobody presses Escape: no menus,
// no scrolling, and the keys are the demo's from the first moment.

// Puts `root` over the page; returns what puts it back into `place`.
export function cover(root, place) {
  const sheet = document.createElement("div");
  sheet.className = "lk-cover";
  document.body.append(sheet);
  sheet.append(root);
  const keep = ({ target }) => root.contains(target) || root.focus();
  document.addEventListener("focusin", keep);
  root.focus();
  let isOver = true;
  const uncover = (goesBack = true) => {
    if (!isOver) return;
    isOver = false;
    document.removeEventListener("focusin", keep);
    if (goesBack) place.append(root);
    sheet.remove();
    if (goesBack) root.focus();
  };
  root.addEventListener("keydown", (event) => {
    const isPanel = root.querySelector(".lk-panel:not([hidden])");
    if (event.key === "Escape" && !isPanel && !document.fullscreenElement) uncover();
  }, true);
  return uncover;
}
