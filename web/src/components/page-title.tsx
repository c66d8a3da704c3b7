import { useEffect, useRef } from 'react';
import type { ReactNode } from 'react';

let firstScreen = true;

/** The screen's heading. Takes the focus when the screen changes, so that a screen reader says where one is. */
export function PageTitle(props: { readonly title: string; readonly children?: ReactNode }) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = `${props.title} · AIlingva`;
  }, [props.title]);
  useEffect(() => {
    if (!firstScreen) heading.current?.focus({ preventScroll: true });
    firstScreen = false;
  }, []);
  return (
    <h1 ref={heading} tabIndex={-1} className="page-title">
      {props.children ?? props.title}
    </h1>
  );
}
