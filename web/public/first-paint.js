// Runs before the first paint, so that a chosen theme does not flash. A file of its own: the page's policy refuses inline scripts.
try {
  const theme = localStorage.getItem('ailingva.theme');
  if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme;
} catch {
  // Storage is closed to us (private mode): the system's theme stands.
}
