// What a browser with scripts adds to the pages. Without it, every page works by its links and forms.
import { listen } from "./keys.js";
import { follow } from "./live.js";
import { keepTime } from "./time.js";
import { offerThemes } from "./themes.js";
import { colour } from "./json.js";
import { guard } from "./answer.js";

const enhance = () => {
  keepTime();
  colour(document);
};

// On a phone, the filters would stand between the search and what it found.
const narrow = matchMedia("(max-width: 719px)");
const foldFacets = () => {
  for (const facet of document.querySelectorAll(".facet")) facet.open = !narrow.matches || facet.querySelector("[aria-current]") !== null;
};

offerThemes(document.querySelector("[data-theme-switch]"));
guard(document);
foldFacets();
narrow.addEventListener("change", foldFacets);
listen();
enhance();
setInterval(keepTime, 1000);
if (document.body.dataset.events) follow(document.body.dataset.events, enhance);
