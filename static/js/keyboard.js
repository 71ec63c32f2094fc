// Keys: `/` goes to the search; a control with data-key="a" is pressed by `a`; `j` and `k` also walk a list of
// [data-walk] links. Never while somebody types, and never together with Ctrl, Alt or Meta.
const TYPING = "input:not([type=checkbox], [type=radio], [type=button], [type=submit]), textarea, select, [contenteditable]";

function visible(element) {
  return element.checkVisibility?.() ?? element.offsetParent !== null;
}

function search() {
  const box = document.querySelector("[data-search]");
  box?.focus();
  box?.select();
  return Boolean(box);
}

function press(key) {
  const scope = document.querySelector("dialog[open]") ?? document;
  const control = [...scope.querySelectorAll(`[data-key="${CSS.escape(key)}"]`)].find(visible);
  if (!control || control.disabled || control.getAttribute("aria-disabled") === "true") return false;
  control.focus();
  control.click();
  return true;
}

function walk(by) {
  const links = [...document.querySelectorAll("[data-walk]")].filter(visible);
  if (!links.length) return false;
  const at = links.indexOf(document.activeElement);
  links[Math.min(Math.max(at + by, 0), links.length - 1)].focus();
  return true;
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing) return;
  if (event.target.closest?.(TYPING)) return;
  const done =
    (event.key === "/" && search()) ||
    press(event.key) ||
    (event.key === "j" && walk(1)) ||
    (event.key === "k" && walk(-1));
  if (done) event.preventDefault();
});
