import type { MouseEvent, ReactNode } from 'react';
import { pathOf } from '../app/router.ts';
import type { Route } from '../app/router.ts';
import { useServices } from '../app/services.ts';

/** A real link: opens in a new tab when asked to, else changes the screen without loading the page. */
export function Link(props: {
  readonly to: Route;
  readonly className?: string;
  readonly current?: boolean;
  readonly label?: string;
  readonly onFollow?: () => void;
  readonly children: ReactNode;
}) {
  const { router } = useServices();
  function follow(event: MouseEvent): void {
    if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    props.onFollow?.();
    router.go(props.to);
  }
  return (
    <a
      href={pathOf(props.to)}
      className={props.className}
      aria-current={props.current ? 'page' : undefined}
      aria-label={props.label}
      onClick={follow}
    >
      {props.children}
    </a>
  );
}
