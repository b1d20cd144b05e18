"use strict";
// Every page works without this file; it saves steps and mistakes.

// A form asks once more where it says so, and is sent once.
document.addEventListener("submit", (event) => {
  const form = event.target;
  const question = form.dataset.confirm;
  if (question && !window.confirm(question)) {
    event.preventDefault();
    return;
  }
  if (form.method !== "post") return;
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = "1";
  const button = event.submitter;
  if (button) button.setAttribute("aria-busy", "true");
});

// Back shows the page as it was: let its forms be sent again (the one-time key decides what that means).
window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
  for (const button of document.querySelectorAll("[aria-busy]")) button.removeAttribute("aria-busy");
});

// Selecting rows.
const bulk = document.querySelector("[data-bulk]");
if (bulk) {
  const boxes = [...document.querySelectorAll("[data-select]")];
  const all = document.querySelector("[data-select-all]");
  const everything = bulk.querySelector("[data-select-everything]");
  const show = () => {
    const chosen = boxes.filter((box) => box.checked);
    for (const box of boxes) box.closest("tr").classList.toggle("selected", box.checked);
    bulk.querySelector("[data-count]").textContent = String(chosen.length);
    bulk.hidden = chosen.length === 0;
    if (all) {
      all.checked = chosen.length === boxes.length;
      all.indeterminate = chosen.length > 0 && !all.checked;
    }
    if (everything && chosen.length < boxes.length) everything.checked = false;
  };
  for (const box of boxes) box.addEventListener("change", show);
  if (all) {
    all.addEventListener("change", () => {
      for (const box of boxes) box.checked = all.checked;
      show();
    });
  }
  if (everything) {
    everything.addEventListener("change", () => {
      if (everything.checked) for (const box of boxes) box.checked = true;
      show();
    });
  }
  window.addEventListener("pageshow", show);
}

// A list as wide as its box scrolls with the page, its header under the bar; a wider one scrolls in its box.
const fit = () => {
  for (const box of document.querySelectorAll("[data-list]")) {
    box.classList.remove("fits");
    box.classList.toggle("fits", box.scrollWidth <= box.clientWidth);
  }
};
fit();
window.addEventListener("resize", fit);

// Suggestions while typing a code or a name.
for (const input of document.querySelectorAll("input[data-lookup]")) {
  let timer = 0;
  let asked = "";
  input.addEventListener("input", () => {
    window.clearTimeout(timer);
    timer = window.setTimeout(async () => {
      const words = input.value.trim();
      if (!words || words === asked) return;
      asked = words;
      const answer = await fetch(`${input.dataset.lookup}?q=${encodeURIComponent(words)}`);
      if (!answer.ok || words !== input.value.trim()) return;
      const options = (await answer.json()).map((text) => {
        const option = document.createElement("option");
        option.value = text;
        return option;
      });
      document.getElementById(input.getAttribute("list")).replaceChildren(...options);
    }, 200);
  });
}

// A file is chosen, or dropped, anywhere on its area, which says which one it is.
for (const area of document.querySelectorAll("[data-drop]")) {
  const input = area.querySelector("input");
  const chosen = area.querySelector("[data-chosen]");
  const nothing = chosen.textContent;
  const show = () => {
    const file = input.files[0];
    chosen.textContent = file ? `${file.name} (${Math.max(file.size / 1048576, 0.1).toFixed(1)} MB)` : nothing;
  };
  area.classList.add("is-live");
  area.querySelector(".drop-say").hidden = false;
  input.addEventListener("change", show);
  input.addEventListener("dragenter", () => area.classList.add("is-over"));
  for (const end of ["dragleave", "drop"]) input.addEventListener(end, () => area.classList.remove("is-over"));
  window.addEventListener("pageshow", show);
}

// A column that a list lacks is asked about until one of the list's own columns is chosen for it.
for (const part of document.querySelectorAll("[data-until-chosen]")) {
  const form = part.closest("form");
  const show = () => {
    const columns = [...form.querySelectorAll("select[name^=column_]")];
    part.hidden = columns.some((column) => column.value === part.dataset.untilChosen);
  };
  form.addEventListener("change", show);
  window.addEventListener("pageshow", show);
}

// Menus close when something else is pressed, or by Escape.
document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});

// After a refused form the reader starts at the list of mistakes.
const mistakes = document.querySelector("[data-focus]");
if (mistakes) mistakes.focus();

// The print button of a record.
for (const button of document.querySelectorAll("[data-print]")) {
  button.addEventListener("click", () => window.print());
}

// A page that shows progress asks again while it is open.
const progress = document.querySelector("[data-refresh-seconds]");
if (progress) window.setTimeout(() => window.location.reload(), Number(progress.dataset.refreshSeconds) * 1000);

// What waits for somebody else may move any moment, or not today: the page asks quietly and shows itself anew only when
// something happened. It rests while nobody looks, and after ten minutes, so that no page keeps a session alive.
const waiting = document.querySelector("[data-progress]");
if (waiting) {
  const seconds = Number(waiting.dataset.askSeconds);
  let left = 600 / seconds;
  const asking = window.setInterval(async () => {
    if (document.hidden) return;
    left -= 1;
    if (left < 0) return window.clearInterval(asking);
    const answer = await fetch(window.location.href).catch(() => null);
    if (!answer || !answer.ok || answer.redirected) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const now = page.querySelector("[data-progress]");
    if (!now || now.dataset.progress !== waiting.dataset.progress) window.location.reload();
  }, seconds * 1000);
}

// A field that goes with one answer only: with another, its place says why it is not asked. What was typed comes back
// with the answer.
for (const field of document.querySelectorAll("[data-only-with]")) {
  const [name, value] = field.dataset.onlyWith.split("=");
  const form = field.closest("form");
  const show = () => {
    const chosen = form.querySelector(`[name="${name}"]:checked`);
    const asked = !chosen || chosen.value === value;
    for (const part of field.querySelectorAll("input, .help, .said, .optional")) part.hidden = !asked;
    field.querySelector("input").disabled = !asked;
    field.querySelector("[data-instead]").hidden = asked;
  };
  form.addEventListener("change", show);
  window.addEventListener("pageshow", show);
  show();
}
