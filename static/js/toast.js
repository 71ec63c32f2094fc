// Toasts: they leave by themselves after a while unless they offer to undo, warn, or are looked at; an answer to htmx
// may bring one by `HX-Trigger: {"toast": {"text": "…", "tone": "good"}}`; a lost connection says so.
const LIFE = 7000;
const place = document.getElementById("toasts");

function leave(toast) {
  if (!toast.isConnected) return;
  if (toast.matches(":hover, :focus-within")) setTimeout(leave, LIFE, toast);
  else toast.remove();
}

function watch(toast) {
  if (!("sticky" in toast.dataset)) setTimeout(leave, LIFE, toast);
}

export function say(text, tone = "good") {
  const toast = document.createElement("div");
  toast.className = "toast";
  toast.dataset.toast = "";
  if (tone === "bad" || tone === "warn") toast.dataset.sticky = "";
  const words = document.createElement("p");
  words.textContent = text;
  const close = document.createElement("button");
  close.type = "button";
  close.dataset.close = "";
  close.textContent = "×";
  close.setAttribute("aria-label", place.dataset.dismiss);
  toast.append(words, close);
  place.append(toast);
}

if (place) {
  place.querySelectorAll("[data-toast]").forEach(watch);
  new MutationObserver((changes) => {
    for (const change of changes) for (const node of change.addedNodes) if (node.matches?.("[data-toast]")) watch(node);
  }).observe(place, { childList: true });

  document.addEventListener("click", (event) => {
    event.target.closest?.("[data-toast] [data-close]")?.closest("[data-toast]").remove();
  });
  document.addEventListener("toast", (event) => say(event.detail.text, event.detail.tone));
  document.addEventListener("htmx:sendError", () => say(place.dataset.lost, "bad"));
  document.addEventListener("htmx:responseError", () => say(place.dataset.refused, "bad"));
}
