// <a href="#id" data-dialog="id"> opens <dialog id> as a modal; [data-close] inside closes it. Without script the same
// link leads to the dialog and :target shows it.
document.addEventListener("click", (event) => {
  const opener = event.target.closest?.("[data-dialog]");
  if (opener) {
    const dialog = document.getElementById(opener.dataset.dialog);
    if (dialog instanceof HTMLDialogElement) {
      event.preventDefault();
      opener.closest("[popover]")?.hidePopover();
      dialog.showModal();
    }
    return;
  }
  const closer = event.target.closest?.("dialog [data-close]");
  if (closer) {
    event.preventDefault();
    closer.closest("dialog").close();
    return;
  }
  if (event.target instanceof HTMLDialogElement && event.target.open && event.target.matches(":modal")) {
    const box = event.target.getBoundingClientRect();
    const inside = event.clientX >= box.left && event.clientX <= box.right && event.clientY >= box.top && event.clientY <= box.bottom;
    if (!inside) event.target.close();
  }
});

// An address that names a dialog opens it as a modal too.
const named = location.hash.length > 1 ? document.getElementById(decodeURIComponent(location.hash.slice(1))) : null;
if (named instanceof HTMLDialogElement) {
  history.replaceState(null, "", location.pathname + location.search);
  named.showModal();
}
