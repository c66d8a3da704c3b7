import React from 'react';
import { token } from '../../look/palette.ts';

/** The house's sign and name; drawn in the page, where it knows the light from the dark. */
export function Logo({ height }: { readonly height: number }) {
  return (
    <svg viewBox="0 0 150 32" height={height} role="img" aria-label="AIlingva">
      <circle cx="20" cy="12.5" r="9.5" fill="#f2a93b" />
      <path
        d="M13 9.5a10 10 0 1 1-6.6 17.5L2.6 28.6a.7.7 0 0 1-.9-.9l1.6-3.9A10 10 0 0 1 13 9.5Z"
        fill={token('green')}
      />
      <path d="M9 16.8v5.4M13 14.6v9.8M17 17.6v3.8" stroke={token('on-fill')} strokeWidth="2.2" strokeLinecap="round" />
      <text x="40" y="23" fontSize="20" fontWeight="600" fill={token('ink')}>
        <tspan fontWeight="700" fill={token('green')}>
          AI
        </tspan>
        lingva
      </text>
    </svg>
  );
}
