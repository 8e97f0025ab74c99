// Moments in words that stay true while the page is open: "3 min ago", "11 h 58 min left".

const UNITS = [["d", 86400], ["h", 3600], ["min", 60], ["s", 1]];

/** A length of time in its one or two largest units. @param {number} seconds */
export function length(seconds) {
  const at = UNITS.findIndex(([, size]) => seconds >= size);
  if (at < 0) return "0 s";
  const [unit, size] = UNITS[at];
  const whole = Math.floor(seconds / size);
  if (at === UNITS.length - 1 || whole >= 20) return `${whole} ${unit}`;
  const [nextUnit, nextSize] = UNITS[at + 1];
  const rest = Math.floor((seconds % size) / nextSize);
  return rest ? `${whole} ${unit} ${rest} ${nextUnit}` : `${whole} ${unit}`;
}

const put = (element, text) => {
  if (element.textContent !== text) element.textContent = text;
};

const moment = (element) => {
  element.title ||= "";
  if (!element.dataset.full) {
    element.dataset.full = element.textContent;
    element.title = `${element.textContent} ${element.title}`.trim();
  }
  return Date.parse(element.dateTime);
};

/** Bring every age and every countdown on the page up to date. */
export function keepTime() {
  const now = Date.now();
  for (const time of document.querySelectorAll("[data-age] time")) {
    const seconds = Math.max(0, (now - moment(time)) / 1000);
    put(time, seconds < 10 ? "just now" : seconds < 7 * 86400 ? `${length(seconds).split(" ").slice(0, 2).join(" ")} ago` : time.dataset.full);
  }
  for (const place of document.querySelectorAll("[data-countdown]")) {
    const time = place.querySelector("time");
    const seconds = (moment(time) - now) / 1000;
    put(time, seconds > 0 ? `${length(seconds)} left` : "expired");
    place.classList.toggle("ask", seconds <= 600);
    const before = time.previousSibling;
    if (before) before.textContent = "";
  }
}
