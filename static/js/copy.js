// [data-copy="text"] copies its text; the button says that it is done.
document.addEventListener("click", async (event) => {
  const button = event.target.closest?.("[data-copy]");
  if (!button) return;
  await navigator.clipboard.writeText(button.dataset.copy);
  document.dispatchEvent(new CustomEvent("toast", { detail: { text: button.dataset.done, tone: "good" } }));
});
