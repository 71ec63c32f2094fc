// Menus are popovers and work by themselves; this adds the arrow keys.
const KEYS = { ArrowDown: 1, ArrowUp: -1 };

function items(menu) {
  return [...menu.querySelectorAll("a, button:not(:disabled)")];
}

document.addEventListener("keydown", (event) => {
  const by = KEYS[event.key];
  if (!by) return;
  const menu = event.target.closest?.(".menu:popover-open");
  if (menu) {
    const all = items(menu);
    const at = all.indexOf(document.activeElement);
    all[(at + by + all.length) % all.length]?.focus();
    event.preventDefault();
    return;
  }
  const target = event.target.getAttribute?.("popovertarget");
  const own = target && document.getElementById(target);
  if (own?.classList.contains("menu") && by === 1) {
    own.showPopover({ source: event.target });
    items(own)[0]?.focus();
    event.preventDefault();
  }
});

// What a part brings may replace an open menu's button; a menu closes when something in it was chosen by htmx.
document.addEventListener("htmx:beforeRequest", (event) => event.target.closest?.(".menu:popover-open")?.hidePopover());
