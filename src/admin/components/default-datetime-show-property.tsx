import { ValueGroup } from '@adminjs/design-system';
import { useTranslation, type ShowPropertyProps } from 'adminjs';
import React from 'react';
import { Moment } from './values/moment.tsx';

/** A time of a record, to the second and with its zone. */
export default function DefaultDatetimeShowProperty({ property, record }: ShowPropertyProps) {
  const { translateProperty } = useTranslation();
  return (
    <ValueGroup label={translateProperty(property.label, property.resourceId)}>
      <Moment instant={record.params[property.path] as string | null} exact />
    </ValueGroup>
  );
}
