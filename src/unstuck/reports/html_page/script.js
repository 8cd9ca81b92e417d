"use strict";
// Hover, slider, copy. Without this script the page says the same: every training is shown below the
// other, the charts have tables, and text can be marked and copied.

(function hover() {
  const tip = document.getElementById("tip");
  document.addEventListener("pointerover", (event) => {
    const mark = event.target.closest && event.target.closest(".chart [data-tip]");
    tip.hidden = !mark;
    if (mark) tip.textContent = mark.getAttribute("data-tip");
  });
  document.addEventListener("pointermove", (event) => {
    if (tip.hidden) return;
    const left = Math.min(event.clientX + 14, window.innerWidth - tip.offsetWidth - 8);
    const below = event.clientY + 18 + tip.offsetHeight < window.innerHeight;
    tip.style.left = Math.max(left, 8) + "px";
    tip.style.top = (below ? event.clientY + 18 : event.clientY - tip.offsetHeight - 10) + "px";
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") tip.hidden = true;
  });
})();

(function folds() {
  // In a narrow window sections open where they are wanted; on paper all are open.
  const folds = document.querySelectorAll("details.fold");
  if (window.matchMedia("(max-width: 640px)").matches) folds.forEach((one) => { one.open = false; });
  function reveal() {
    const target = location.hash && document.getElementById(location.hash.slice(1));
    const fold = target && (target.querySelector("details.fold") || target.closest("details.fold"));
    if (fold && !fold.open) { fold.open = true; target.scrollIntoView(); }
  }
  window.addEventListener("hashchange", reveal);
  reveal();
  const closed = [];
  window.addEventListener("beforeprint", () => {
    document.querySelectorAll("details:not([open])").forEach((one) => { closed.push(one); one.open = true; });
  });
  window.addEventListener("afterprint", () => {
    closed.splice(0).forEach((one) => { one.open = false; });
  });
})();

(function slider() {
  const range = document.getElementById("which");
  if (!range) return;
  const panels = document.querySelectorAll(".panels > .panel");
  const now = document.getElementById("which-now");
  function show() {
    panels.forEach((panel, number) => { panel.hidden = number !== Number(range.value); });
    now.textContent = panels[Number(range.value)].querySelector(".what").textContent;
    range.setAttribute("aria-valuetext", now.textContent);
  }
  range.addEventListener("input", show);
  range.closest(".slider").hidden = false;
  show();
})();

(function copy() {
  const said = document.getElementById("copied");
  function byHand(element) {
    const all = document.createRange();
    all.selectNodeContents(element);
    const selection = window.getSelection();
    selection.removeAllRanges();
    selection.addRange(all);
    return document.execCommand("copy");
  }
  document.querySelectorAll("[data-copy]").forEach((button) => {
    const element = document.getElementById(button.getAttribute("data-copy"));
    const name = button.textContent;
    button.hidden = false;
    button.addEventListener("click", async () => {
      let done = false;
      try {
        await navigator.clipboard.writeText(element.textContent);
        done = true;
      } catch {
        done = byHand(element);
      }
      button.textContent = done ? "Copied" : "Press Ctrl-C";
      if (said) said.textContent = button.textContent;
      setTimeout(() => { button.textContent = name; }, 2000);
    });
  });
})();
