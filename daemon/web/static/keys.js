// The keyboard: j and k, Enter, a and d, /, g with a letter, ?, Escape.
import { leave, prepare } from "./answer.js";

const PAGES = { r: "/", i: "/inbox", a: "/audit", p: "/rules", h: "/health" };
const WAIT = 1500; // milliseconds in which the letter after g counts

let going = 0;

const typing = (element) => element.closest?.("input, textarea, select, [contenteditable]") != null;
const items = () => [...document.querySelectorAll("[data-item]")].filter((each) => each.checkVisibility());
const handle = (item) => (item.hasAttribute("tabindex") ? item : item.querySelector(".here, summary"));
const current = () => document.activeElement?.closest("[data-item]");

function step(by) {
  const all = items();
  if (!all.length) return;
  const at = all.indexOf(current());
  const next = at < 0 ? (by > 0 ? 0 : all.length - 1) : Math.min(Math.max(at + by, 0), all.length - 1);
  const target = handle(all[next]);
  target?.focus({ preventScroll: true, focusVisible: true });
  target?.scrollIntoView({ block: "nearest" });
}

function answer(kind) {
  const asked = items().filter((each) => each.matches(".question"));
  const question = current()?.closest(".question") ?? (asked.length === 1 ? asked[0] : null);
  if (question) prepare(question, kind);
  else step(1);
}

function search() {
  const field = document.querySelector("[data-search]");
  if (field) {
    field.focus();
    field.select();
  } else location.assign("/audit#text");
}

/** Show what the keys do. */
function help() {
  let dialog = document.querySelector("dialog.help");
  if (!dialog) {
    document.body.append(document.querySelector("#help").content.cloneNode(true));
    dialog = document.querySelector("dialog.help");
    dialog.querySelector("[data-close]").addEventListener("click", () => dialog.close());
    dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  }
  if (!dialog.open) dialog.showModal();
}

function escape(event) {
  if (leave(document)) event.preventDefault();
  else if (typing(event.target)) (event.target.closest("[data-item]") ?? document.querySelector("#page")).focus();
}

const KEYS = {
  j: () => step(1),
  k: () => step(-1),
  a: () => answer("yes"),
  d: () => answer("no"),
  w: () => (current() ?? document).querySelector("[data-why]")?.focus(),
  "/": search,
  "?": help,
  g: () => {
    going = Date.now();
  },
};

function pressed(event) {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  if (document.querySelector("dialog[open]")) return;
  if (event.key === "Escape") return escape(event);
  if (typing(event.target)) return;
  const page = Date.now() - going < WAIT ? PAGES[event.key] : undefined;
  going = 0;
  if (page) return location.assign(page);
  if (event.key === "Enter" && event.target.matches("[data-item]")) {
    return event.target.querySelector(".sentence a")?.click();
  }
  if (current() && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
    event.preventDefault();
    return step(event.key === "ArrowDown" ? 1 : -1);
  }
  const does = KEYS[event.key];
  if (!does || (event.repeat && !"jk".includes(event.key))) return;
  event.preventDefault();
  does();
}

/** Listen to the keyboard, and to the button that explains it. */
export function listen() {
  document.addEventListener("keydown", pressed);
  const button = document.querySelector("[data-help]");
  if (button) {
    button.hidden = false;
    button.addEventListener("click", help);
  }
  if (location.hash === "#text") document.querySelector("#text")?.focus();
}
