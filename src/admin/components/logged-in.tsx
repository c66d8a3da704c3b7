import { Box, CurrentUserNav } from '@adminjs/design-system';
import { useTranslation } from 'adminjs';
import React from 'react';
import { chooseLook, useLook, type Look } from './look/scheme.ts';

interface LoggedInProps {
  readonly session: { readonly email: string; readonly role: string };
}

const LOOKS: readonly Look[] = ['system', 'light', 'dark'];
const LOOK_ICONS: Readonly<Record<Look, string>> = { system: 'Monitor', light: 'Sun', dark: 'Moon' };

/** Who is signed in, the light or the dark, and the ways out: both are posts, which no other site can make a browser send. */
export default function LoggedIn({ session }: LoggedInProps) {
  const { translateButton, translateLabel } = useTranslation();
  const chosen = useLook();
  const looks = LOOKS.map((look) => ({
    label: translateButton(`look.${look}`),
    icon: look === chosen ? 'Check' : LOOK_ICONS[look],
    onClick: (event: React.SyntheticEvent) => {
      event.preventDefault();
      chooseLook(look);
    },
  }));
  const leave = (address: string) => (event: React.SyntheticEvent) => {
    event.preventDefault();
    const form = document.createElement('form');
    form.method = 'POST';
    form.action = address;
    document.body.append(form);
    form.submit();
  };
  const ways = [
    { label: translateButton('logout'), onClick: leave('/admin/logout'), icon: 'LogOut' },
    { label: translateButton('logoutEverywhere'), onClick: leave('/admin/logout-everywhere'), icon: 'Slash' },
  ];
  return (
    <Box flexShrink={0} data-css="logged-in">
      <CurrentUserNav
        name={session.email}
        title={translateLabel(`role.${session.role}`, 'users')}
        dropActions={[...looks, ...ways]}
      />
    </Box>
  );
}
