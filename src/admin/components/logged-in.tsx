import { Box, CurrentUserNav } from '@adminjs/design-system';
import { useTranslation } from 'adminjs';
import React from 'react';

interface LoggedInProps {
  readonly session: { readonly email: string; readonly role: string };
}

/** Who is signed in, and the ways out: both are posts, which no other site can make a browser send. */
export default function LoggedIn({ session }: LoggedInProps) {
  const { translateButton, translateLabel } = useTranslation();
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
      <CurrentUserNav name={session.email} title={translateLabel(`role.${session.role}`, 'users')} dropActions={ways} />
    </Box>
  );
}
