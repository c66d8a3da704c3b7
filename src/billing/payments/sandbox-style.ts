/** Looks as the learner's page does (`web/src/styles/tokens.css`), with the fonts that are there: it is no part of its build. */
export const SANDBOX_STYLE = `
:root {
  color-scheme: light dark;
  --paper: light-dark(#f1f6f5, #0b1516);
  --surface: light-dark(#ffffff, #122022);
  --ink: light-dark(#10211f, #e8f2f0);
  --ink-quiet: light-dark(#4a5e5b, #9eb5b1);
  --line: light-dark(#d3dfdc, #25393b);
  --tutor: light-dark(#0e7c73, #43c6b6);
  --tutor-deep: light-dark(#0a625b, #6fdccd);
  --on-tutor: light-dark(#ffffff, #06211e);
  --learner-soft: light-dark(#fcefd8, #362a12);
  --learner-deep: light-dark(#855000, #f8c678);
}
:root[data-theme='light'] { color-scheme: light; }
:root[data-theme='dark'] { color-scheme: dark; }
* { box-sizing: border-box; margin: 0; }
body {
  display: grid;
  min-height: 100dvh;
  align-content: center;
  justify-items: center;
  gap: 20px;
  padding: 24px 16px;
  background: var(--paper);
  color: var(--ink);
  font: 1.0625rem/1.5 Onest, system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', sans-serif;
}
.brand { display: flex; align-items: center; gap: 10px; font-size: 1.25rem; letter-spacing: -0.02em; }
.brand img { width: 32px; height: 32px; }
main {
  display: grid;
  gap: 16px;
  width: 100%;
  max-width: 420px;
  padding: 28px 24px;
  border-radius: 24px;
  background: var(--surface);
  box-shadow: 0 1px 2px rgb(8 32 30 / 0.05), 0 8px 28px rgb(8 32 30 / 0.07);
}
h1 { font-size: 1.375rem; font-weight: 650; letter-spacing: -0.02em; line-height: 1.25; }
.amount { font-size: 2.5rem; font-weight: 700; letter-spacing: -0.03em; line-height: 1.1; font-variant-numeric: tabular-nums; }
.what { color: var(--ink-quiet); overflow-wrap: anywhere; }
.note { padding: 12px 16px; border-radius: 12px; background: var(--learner-soft); color: var(--learner-deep); font-size: 0.9375rem; }
form { display: grid; }
.button {
  display: grid;
  place-items: center;
  min-height: 50px;
  padding: 10px 22px;
  border: 0;
  border-radius: 999px;
  background: var(--surface);
  box-shadow: inset 0 0 0 1.5px var(--line);
  color: var(--ink);
  font: inherit;
  font-weight: 600;
  text-decoration: none;
  cursor: pointer;
}
.button.primary { background: var(--tutor); box-shadow: none; color: var(--on-tutor); }
.button.primary:hover { background: var(--tutor-deep); }
.button:focus-visible { outline: 3px solid var(--tutor); outline-offset: 3px; }
`;
