// Before anything is painted: the theme that was chosen in this browser earlier. Without a choice, the system's holds.
try {
  const chosen = localStorage.getItem("devos-theme");
  if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
} catch {
  // A browser that stores nothing follows the system.
}
