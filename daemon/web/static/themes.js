// The switch between light and dark; what is chosen is remembered in this browser.

const dark = () => {
  const chosen = document.documentElement.dataset.theme;
  return chosen ? chosen === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
};

/** Make the button switch the theme. @param {HTMLButtonElement | null} button */
export function offerThemes(button) {
  if (!button) return;
  const label = button.querySelector("span");
  const show = () => {
    label.textContent = dark() ? "Light theme" : "Dark theme";
  };
  button.addEventListener("click", () => {
    const theme = dark() ? "light" : "dark";
    document.documentElement.dataset.theme = theme;
    try {
      localStorage.setItem("devos-theme", theme);
    } catch {
      // It holds for this page then.
    }
    show();
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", show);
  show();
  button.hidden = false;
}
