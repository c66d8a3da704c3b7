import { useSelector } from 'react-redux';

/** Of whoever is signed in. What they may not see the server refuses too. */
export function useRole(): string {
  return useSelector((state: { readonly session: { readonly role: string } }) => state.session.role);
}
