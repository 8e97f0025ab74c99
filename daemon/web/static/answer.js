// The last step before an answer: the button is focused and says what Enter will do; one key alone never answers.

const HINTS = {
  yes: "Press Enter to approve, Escape to leave it.",
  no: "Press Enter to deny, Escape to leave it.",
};

/** Get ready to answer one question. @param {HTMLElement} question @param {"yes" | "no"} answer */
export function prepare(question, answer) {
  const form = question.querySelector("[data-answer]");
  if (!form) return;
  const why = form.querySelector("[data-why]");
  if (why.required && !why.value.trim()) {
    say(form, "It has to be said why.");
    why.focus();
    return;
  }
  form.dataset.sure = answer;
  say(form, HINTS[answer]);
  form.querySelector(`[data-${answer}]`).focus();
}

/** Leave what was got ready. @param {ParentNode} root @returns {boolean} whether there was anything */
export function leave(root) {
  const form = root.querySelector("[data-sure]");
  if (!form) return false;
  delete form.dataset.sure;
  form.querySelector(".sure")?.remove();
  form.closest("[data-item]").focus();
  return true;
}

/** Hold every answer against being sent twice, and against a key that is held down. @param {Document} root */
export function guard(root) {
  root.addEventListener("submit", (event) => {
    if (!event.target.matches("[data-answer]")) return;
    if (event.target.dataset.sent) event.preventDefault();
    event.target.dataset.sent = "yes";
  });
  root.addEventListener("keydown", (event) => {
    if (event.repeat && event.key === "Enter" && event.target.closest?.("[data-answer]")) event.preventDefault();
  });
  root.addEventListener("focusout", (event) => {
    const form = event.target.closest?.("[data-sure]");
    if (form && !form.contains(event.relatedTarget)) {
      delete form.dataset.sure;
      form.querySelector(".sure")?.remove();
    }
  });
  addEventListener("pageshow", () => {
    for (const form of root.querySelectorAll("[data-sent]")) delete form.dataset.sent;
  });
}

function say(form, text) {
  const hint = form.querySelector(".sure") ?? form.appendChild(document.createElement("p"));
  hint.className = "sure";
  hint.role = "status";
  hint.textContent = text;
}
