/** What AdminJS hands on of styled-components, as far as the panel uses it: that package brings no types of its own. */
declare module '@adminjs/design-system/styled-components' {
  import type { FC, ReactNode } from 'react';

  export const ThemeProvider: FC<{ readonly theme: object; readonly children: ReactNode }>;
}
