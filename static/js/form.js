// Forms: a button that was pressed shows that it works and can't be pressed twice; what was refused is looked at first;
// a form with data-guard asks before it is left with changes in it.
const changed = new WeakSet();

document.addEventListener("submit", (event) => {
  changed.delete(event.target);
  const button = event.submitter;
  if (event.defaultPrevented || !button || event.target.method === "get" || event.target.method === "dialog") return;
  // After this turn, so that the button's own name and value still go with the form.
  setTimeout(() => {
    button.setAttribute("aria-busy", "true");
    button.disabled = true;
  });
});

// Back from the browser's cache: nothing is under way any more.
addEventListener("pageshow", (event) => {
  if (!event.persisted) return;
  for (const button of document.querySelectorAll("button[aria-busy]")) {
    button.removeAttribute("aria-busy");
    button.disabled = false;
  }
});

for (const name of ["input", "change"]) {
  document.addEventListener(name, (event) => {
    const form = event.target.form;
    if (form && "guard" in form.dataset) changed.add(form);
  });
}

addEventListener("beforeunload", (event) => {
  if ([...document.querySelectorAll("form[data-guard]")].some((form) => changed.has(form))) event.preventDefault();
});

document.querySelector(".form-errors")?.focus();
