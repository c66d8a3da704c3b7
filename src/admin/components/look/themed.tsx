import { ThemeProvider } from '@adminjs/design-system/styled-components';
import React, { useMemo } from 'react';
import { themeColours } from '../../look/palette.ts';
import { useScheme } from './scheme.ts';

declare global {
  interface Window {
    /** The server's, in the colours of the day. */
    readonly THEME: { readonly colors: Readonly<Record<string, string>> };
  }
}

/** Gives AdminJS's components the colours of what is chosen, and others as soon as that changes. */
export function Themed({ children }: { readonly children: React.ReactNode }) {
  const scheme = useScheme();
  const theme = useMemo(
    () => ({ ...window.THEME, colors: { ...window.THEME.colors, ...themeColours(scheme) } }),
    [scheme],
  );
  return <ThemeProvider theme={theme}>{children}</ThemeProvider>;
}
