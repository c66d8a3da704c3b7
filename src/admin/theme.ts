import type { BrandingOptions } from 'adminjs';
import { themeColours, token } from './look/palette.ts';

/** The colours are those of the day; the page takes the night's itself where they are asked for (components/look). */
export const branding: BrandingOptions = {
  companyName: 'AIlingva',
  favicon: '/admin/frontend/assets/mark.svg',
  withMadeWithLove: false,
  theme: {
    // The menu stands open from 1240 px on (a common laptop has 1280), and not only from AdminJS's 1440.
    ...({ breakpoints: ['577px', '769px', '1024px', '1240px'] } as object),
    sizes: { sidebarWidth: '232px' },
    // Its type takes every text for a part of an object.
    font: "'Onest', system-ui, sans-serif" as never,
    colors: themeColours('light'),
    borders: {
      input: `1px solid ${token('line')}`,
      filterInput: `1px solid ${token('line')}`,
      bg: `1px solid ${token('paper')}`,
      default: `1px solid ${token('line')}`,
    },
    shadows: {
      login: '0 15px 24px 0 rgb(0 0 0 / 12%)',
      cardHover: '0 4px 12px 0 rgb(0 0 0 / 20%)',
      drawer: '-2px 0 8px 0 rgb(0 0 0 / 15%)',
      card: '0 4px 8px rgb(0 0 0 / 10%)',
    },
  },
};
