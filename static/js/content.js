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
