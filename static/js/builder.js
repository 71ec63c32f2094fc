// The rule builder on a slow line: each request carries the whole form as it is now and every press that isn't on the
// page yet, so that the newest may replace the one under way. An answer to what was changed meanwhile is not shown.
const form = document.getElementById("model");
const builder = document.getElementById("builder");

let pressed = []; // what was pressed, in order, and the page doesn't show yet
let changed = false; // somebody typed or chose after the last request left
let held = null; // the button that saves, pressed before the page showed what was pressed earlier
let open = []; // lists that stand open

const ask = () => builder.dispatchEvent(new Event("again"));
const isMine = (event) => event.detail.target === builder;

builder.addEventListener("click", (event) => {
  const button = event.target.closest('button[name="do"]');
  if (!button) return;
  event.preventDefault();
  button.dispatchEvent(new Event("input", { bubbles: true })); // the form holds something unsaved
  pressed.push(button.value);
  ask();
});

for (const name of ["input", "change"]) builder.addEventListener(name, () => (changed = true));

document.addEventListener("htmx:configRequest", (event) => {
  if (!isMine(event)) return;
  changed = false;
  if (!pressed.length) return;
  event.detail.formData.delete("do");
  for (const press of pressed) event.detail.formData.append("do", press);
});

document.addEventListener("htmx:beforeSwap", (event) => {
  if (!isMine(event) || !event.detail.shouldSwap) return;
  open = [...builder.querySelectorAll("details[open][id]")].map((list) => list.id);
  if (changed) event.detail.shouldSwap = false;
  else pressed = [];
});

// After the request has ended, whichever way; one that was replaced by a newer one ends without a word.
document.addEventListener("htmx:afterRequest", (event) => {
  if (!isMine(event) || event.detail.xhr.status === 0) return;
  if (changed && event.detail.successful) return ask();
  if (!event.detail.successful) giveUp();
});

for (const name of ["htmx:sendError", "htmx:timeout"]) {
  document.addEventListener(name, (event) => isMine(event) && giveUp());
}

// A toast has said that nothing was changed: so nothing of it comes later, and nothing is saved without it.
function giveUp() {
  pressed = [];
  held = null;
}

document.addEventListener("htmx:afterSettle", (event) => {
  if (!isMine(event)) return;
  for (const id of open) document.getElementById(id)?.setAttribute("open", "");
  if (!held) return;
  const button = held;
  held = null;
  form.requestSubmit(button);
});

// Saving waits for what was pressed before it.
form.addEventListener("submit", (event) => {
  if (!pressed.length) return;
  event.preventDefault();
  event.stopPropagation();
  held = event.submitter;
});
