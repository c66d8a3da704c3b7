/** Two voices: the learner's sun behind the tutor's word. */
export function Logo() {
  return (
    <span className="logo">
      <svg className="logo-mark" width="30" height="30" viewBox="0 0 32 32" aria-hidden="true" focusable="false">
        <circle className="logo-learner" cx="20" cy="12.5" r="9.5" />
        <path
          className="logo-tutor"
          d="M13 9.5a10 10 0 1 1-6.6 17.5L2.6 28.6a.7.7 0 0 1-.9-.9l1.6-3.9A10 10 0 0 1 13 9.5Z"
        />
        <path className="logo-voice" d="M9 16.8v5.4M13 14.6v9.8M17 17.6v3.8" />
      </svg>
      <span className="logo-word">
        <b>AI</b>lingva
      </span>
    </span>
  );
}
