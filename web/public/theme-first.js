// Sets a chosen theme before the first paint, so that a page does not flash in the other one.
try {
  const chosen = localStorage.getItem('selvage.theme');
  if (chosen === 'light' || chosen === 'dark') document.documentElement.dataset.theme = chosen;
} catch {
  // Storage can be forbidden; the system's preference then decides.
}
