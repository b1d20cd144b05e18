"use strict";
// The registration form follows the chosen type; without this file it reads the same in longer words.

const registration = document.querySelector("form[data-registration]");
if (registration) {
  const principals = JSON.parse(registration.dataset.registration);
  const type = registration.elements.namedItem("type");
  const wordsOf = (name) => registration.querySelector(`label[for="${name}"]`);
  const principal = wordsOf("principal");
  const code = wordsOf("uscc");
  const usual = { principal: principal.textContent, code: code ? code.textContent : "" };

  const follow = () => {
    principal.textContent = principals[type.value] || usual.principal;
    if (code) code.textContent = type.value === "branch" ? registration.dataset.parentCode : usual.code;
  };
  type.addEventListener("change", follow);
  window.addEventListener("pageshow", follow);
  follow();

  // 修改 of one line leads to its field.
  const start = registration.dataset.start && document.getElementById(registration.dataset.start);
  if (start) start.focus();
}
