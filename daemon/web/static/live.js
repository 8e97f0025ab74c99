// Live pages: when the daemon says that something changed, the page is fetched again and what differs is put in place.
// The HTML is the server's own, escaped there, and parsed by DOMParser, in which no script runs.

const REST = 250; // milliseconds between two fetches, so that a busy run does not keep the page busy
const kept = new Set(["open", "data-coloured", "data-full", "data-sure", "data-sent"]);

/** Make `here` what `there` is, keeping what a person opened, typed or focused. */
export function morph(here, there) {
  // What scripts made of a moment or of JSON stays where the same would be made of it again.
  if (here.matches("time, pre.json")) {
    if (here.matches("time") ? here.dateTime === there.dateTime : here.textContent === there.textContent) return;
    here.replaceWith(document.importNode(there, true));
    return;
  }
  for (const { name, value } of there.attributes) {
    if (!kept.has(name) && here.getAttribute(name) !== value) here.setAttribute(name, value);
  }
  for (const { name } of [...here.attributes]) {
    if (!kept.has(name) && !there.hasAttribute(name)) here.removeAttribute(name);
  }
  if (here.matches("textarea, input:not([type=hidden])")) return;
  const keyed = new Map([...here.children].filter(key).map((each) => [key(each), each]));
  let place = here.firstChild;
  for (const fresh of [...there.childNodes]) {
    const same = key(fresh) ? keyed.get(key(fresh)) : alike(place, fresh) ? place : null;
    if (!same) {
      here.insertBefore(document.importNode(fresh, true), place);
      continue;
    }
    if (same === place) place = place.nextSibling;
    else here.insertBefore(same, place);
    if (same.nodeType === Node.ELEMENT_NODE) morph(same, fresh);
    else if (same.data !== fresh.data) same.data = fresh.data;
  }
  while (place) {
    const next = place.nextSibling;
    if (!place.matches?.(".sure")) place.remove();
    place = next;
  }
}

const key = (node) => node.id || node.dataset?.key || "";
const alike = (one, other) => one && one.nodeType === other.nodeType && one.nodeName === other.nodeName && !key(one);

function show(fresh) {
  const focused = document.activeElement;
  for (const here of document.querySelectorAll("[data-live]")) {
    const there = fresh.getElementById(here.id);
    if (!there) continue;
    const news = there.dataset.announce;
    if (news && news !== here.dataset.announce) document.querySelector("#said").textContent = news;
    morph(here, there);
  }
  document.title = fresh.title;
  if (focused && !focused.isConnected) document.querySelector("#page").focus();
}

/** Follow an event stream. @param {string} path @param {() => void} shown called after the page was changed */
export function follow(path, shown) {
  const state = document.querySelector("#connection");
  const tell = (name, words) => {
    if (state) [state.dataset.state, state.textContent] = [name, words];
  };
  let busy = false;
  let again = false;
  const refresh = async () => {
    again = busy;
    if (busy) return;
    busy = true;
    try {
      const answer = await fetch(location.pathname + location.search, { headers: { accept: "text/html" } });
      if (answer.ok) {
        const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
        show(fresh);
        shown();
        if (!fresh.body.dataset.events) {
          stream.close();
          tell("still", "nothing more will change");
        }
      } else if (answer.status < 500) location.reload(); // to say why this page is no more
    } catch {
      tell("lost", "connection lost, trying again");
    }
    setTimeout(() => {
      busy = false;
      if (again) refresh();
    }, REST);
  };
  const stream = new EventSource(path);
  stream.addEventListener("open", () => {
    tell("live", "live");
    refresh(); // what happened since the page was made, or since the connection was lost, is told by no event
  });
  stream.addEventListener("error", () => {
    tell("lost", "connection lost, trying again");
  });
  stream.addEventListener("changed", refresh);
  addEventListener("pagehide", () => stream.close());
  addEventListener("pageshow", (event) => event.persisted && location.reload());
}
