"use strict";
// Mending an import: what is typed and not saved yet is counted, and not lost by a slip.

const mending = document.querySelector("form.mending");
if (mending) {
  const fields = [...mending.querySelectorAll("[name^=cell-]")];
  const before = new Map(fields.map((field) => [field, field.value]));
  const status = mending.querySelector("[data-mended]");
  const usual = status ? status.textContent : "";
  let leaves = false;

  const changed = () => fields.filter((field) => field.value !== before.get(field));
  const tell = () => {
    for (const field of fields) field.classList.toggle("is-mended", field.value !== before.get(field));
    const count = changed().length;
    if (status) status.textContent = count ? status.dataset.mended.replace("0", String(count)) : usual;
  };
  mending.addEventListener("input", tell);
  mending.addEventListener("change", tell);
  document.addEventListener("submit", (event) => {
    if (event.target === mending && !event.defaultPrevented) leaves = true;
  });
  window.addEventListener("beforeunload", (event) => {
    if (!leaves && changed().length) event.preventDefault();
  });
  window.addEventListener("pageshow", () => {
    leaves = false;
    tell();
  });

  // After saving, the next wrong cell is where one goes on typing; the browser goes to the row itself first.
  const row = window.location.hash.startsWith("#row-") && document.getElementById(window.location.hash.slice(1));
  const next = row && (row.querySelector("[aria-invalid=true]") || row.querySelector("[name^=cell-]"));
  if (next) window.addEventListener("load", () => window.setTimeout(() => next.focus({ preventScroll: true })));
}
