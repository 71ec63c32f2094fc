// Light, dark, or as the system says. The choice is a cookie, so that the server paints the next page right at once.
const root = document.documentElement;
root.dataset.script = "";

function mark() {
  const chosen = root.dataset.theme ?? "";
  for (const button of document.querySelectorAll("[data-theme-choice]")) {
    button.setAttribute("aria-pressed", String(button.dataset.themeChoice === chosen));
  }
}

document.addEventListener("click", (event) => {
  const button = event.target.closest?.("[data-theme-choice]");
  if (!button) return;
  const chosen = button.dataset.themeChoice;
  if (chosen) root.dataset.theme = chosen;
  else delete root.dataset.theme;
  const age = chosen ? 60 * 60 * 24 * 365 : 0;
  document.cookie = `theme=${chosen}; path=/; max-age=${age}; samesite=lax${location.protocol === "https:" ? "; secure" : ""}`;
  mark();
});

mark();
