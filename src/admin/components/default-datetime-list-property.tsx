import type { ShowPropertyProps } from 'adminjs';
import React from 'react';
import { Moment } from './values/moment.tsx';

/** A time in a list, in the words of the panel's language. */
export default function DefaultDatetimeListProperty({ property, record }: ShowPropertyProps) {
  return <Moment instant={record.params[property.path] as string | null} />;
}
