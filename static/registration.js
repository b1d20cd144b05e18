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

  // A telephone's photo is larger than the limit: it is made smaller here, before anything is sent.
  const licence = registration.elements.namedItem("licence");
  const LARGEST_SENT = 4 * 1024 * 1024;
  const LONGEST_SIDE = 2600;
  const smaller = async (file) => {
    const picture = await createImageBitmap(file);
    const scale = Math.min(1, LONGEST_SIDE / Math.max(picture.width, picture.height));
    const canvas = document.createElement("canvas");
    canvas.width = Math.round(picture.width * scale);
    canvas.height = Math.round(picture.height * scale);
    canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
    const made = await new Promise((done) => canvas.toBlob(done, "image/jpeg", 0.85));
    return new File([made], file.name.replace(/\.\w+$/, "") + ".jpg", { type: "image/jpeg" });
  };
  if (licence) {
    licence.addEventListener("change", async () => {
      const [file] = licence.files;
      if (!file || file.size <= LARGEST_SENT || !file.type.startsWith("image/")) return;
      try {
        const chosen = new DataTransfer();
        chosen.items.add(await smaller(file));
        licence.files = chosen.files;
      } catch {
        // What cannot be read as a picture goes as it is: the server says what is wrong with it.
      }
    });
  }

  // 修改 of one line leads to its field.
  const start = registration.dataset.start && document.getElementById(registration.dataset.start);
  if (start) start.focus();
}
