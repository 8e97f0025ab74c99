// Colours for JSON, made of elements and text only.

const TOKEN = /("(?:\\.|[^"\\])*")(\s*:)?|\b(?:true|false|null)\b|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;
const LONGEST = 100_000;

const span = (kind, text) => {
  const element = document.createElement("span");
  element.className = kind;
  element.textContent = text;
  return element;
};

/** Colour every piece of JSON under an element; what is no JSON stays as it is. @param {ParentNode} root */
export function colour(root) {
  for (const place of root.querySelectorAll("pre.json:not([data-coloured])")) {
    const text = place.textContent;
    place.dataset.coloured = "";
    if (text.length > LONGEST || !/^\s*[[{]/.test(text)) continue;
    const parts = [];
    let end = 0;
    for (const match of text.matchAll(TOKEN)) {
      parts.push(text.slice(end, match.index));
      parts.push(match[1] ? span(match[2] ? "key" : "string", match[1]) : span("atom", match[0]));
      if (match[2]) parts.push(match[2]);
      end = match.index + match[0].length;
    }
    place.replaceChildren(...parts, text.slice(end));
  }
}
