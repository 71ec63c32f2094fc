// The content editor: insert a field at the cursor, go to the line of a fault, save by keyboard, keep the place after a save.
let last = null;

// Where nobody has been yet, a field goes to the end of the message.
function target() {
  if (last?.isConnected) return last;
  const field = document.getElementById(last?.id ?? "id_html");
  const end = field.value.toLowerCase().lastIndexOf("</body>");
  if (!last) field.setSelectionRange(...(end < 0 ? [field.value.length, field.value.length] : [end, end]));
  return field;
}

document.addEventListener("focusin", (event) => {
  if (event.target.matches?.("[data-insertable]")) last = event.target;
});

document.addEventListener("click", (event) => {
  const insert = event.target.closest?.("[data-insert]");
  if (insert) {
    const field = target();
    insert.closest("[popover]")?.hidePopover();
    field.focus();
    field.setRangeText(insert.dataset.insert, field.selectionStart, field.selectionEnd, "end");
    field.dispatchEvent(new Event("input", { bubbles: true }));
    return;
  }
  const place = event.target.closest?.("[data-line]");
  if (!place) return;
  const field = document.getElementById(place.hash.slice(1));
  if (!(field instanceof HTMLTextAreaElement)) return;
  event.preventDefault();
  const lines = field.value.split("\n");
  const line = Math.min(Number(place.dataset.line), lines.length);
  const start = lines.slice(0, line - 1).reduce((sum, text) => sum + text.length + 1, 0);
  field.focus();
  // A selection is scrolled to only where it changes after the focus: first the end, then the line.
  field.setSelectionRange(start, start);
  field.blur();
  field.focus();
  field.setSelectionRange(start, start + lines[line - 1].length);
});

document.addEventListener("keydown", (event) => {
  if (!(event.ctrlKey || event.metaKey) || event.altKey || event.key.toLowerCase() !== "s") return;
  const save = document.getElementById("save");
  if (!save) return;
  event.preventDefault();
  if (!save.disabled) save.click();
});

// As somebody writes, the draft is checked and shown: what is said beside it first, then, where it is sound, the message.
const PAUSE = 600;
let pause = 0;
let frames = 0;

async function look() {
  const pane = document.getElementById("preview");
  const form = document.getElementById("draft");
  if (!pane?.dataset.check || !form) return;
  const values = Object.fromEntries(new FormData(form));
  await htmx.ajax("POST", pane.dataset.check, { source: pane, target: "#facts", swap: "outerHTML", values });
  if (pane.isConnected && document.querySelector("#facts[data-sound]")) show(pane, values);
}

// Each time a frame of its own, since a frame that is led on leaves steps behind for the way back.
function show(pane, values) {
  for (const frame of pane.querySelectorAll("iframe:not([hidden])")) {
    for (const late of pane.querySelectorAll("iframe[hidden]")) late.remove();
    const fresh = frame.cloneNode();
    fresh.removeAttribute("src");
    fresh.removeAttribute("loading");
    fresh.name = `draft-${++frames}`;
    fresh.hidden = true;
    frame.after(fresh);
    const form = document.createElement("form");
    Object.assign(form, { method: "post", action: pane.dataset.html, target: fresh.name, hidden: true });
    for (const [name, value] of Object.entries(values)) {
      const field = document.createElement("textarea");
      Object.assign(field, { name, value });
      form.append(field);
    }
    document.body.append(form);
    fresh.addEventListener("load", () => {
      fresh.hidden = false;
      frame.remove();
    });
    form.submit();
    form.remove();
  }
}

document.addEventListener("input", (event) => {
  const form = event.target.form;
  if (form?.id !== "draft") return;
  form.dataset.changed = "";
  clearTimeout(pause);
  pause = setTimeout(look, PAUSE);
});

// Another reader, another width, or words that were never saved: the draft is what is being looked at.
document.addEventListener("htmx:afterSwap", (event) => {
  const form = document.getElementById("draft");
  if (event.target.id !== "preview" || event.target.dataset.language !== form?.elements.language.value) return;
  if (document.querySelector("#draft[data-changed], #preview[data-unsaved]")) look();
});
if (document.querySelector("#preview[data-unsaved]") && document.getElementById("id_html")?.value.trim()) look();

// Saving swaps the sheet: what was scrolled and marked stays as it was, and what was refused is looked at first.
const places = new Map();
document.addEventListener("htmx:beforeSwap", () => {
  for (const field of document.querySelectorAll("[data-insertable]")) places.set(field.id, [field.scrollTop, field.selectionStart, field.selectionEnd]);
});
document.addEventListener("htmx:afterSettle", () => {
  for (const [id, [top, start, end]] of places) {
    const field = document.getElementById(id);
    field?.setSelectionRange(start, end);
    field?.scrollTo(0, top);
  }
  places.clear();
  document.querySelector("#main .form-errors, #conflict")?.scrollIntoView({ block: "nearest" });
});
