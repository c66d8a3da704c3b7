import React from 'react';
import { ChoiceFilter, type Filtering } from './choosing/choice-filter.tsx';

/** A filter by one of several values speaks the panel's language; all others are AdminJS's. */
export default function DefaultFilterProperty(
  props: Filtering & { readonly OriginalComponent: React.ComponentType<Filtering> },
) {
  const { OriginalComponent, property } = props;
  if (!property.availableValues) return <OriginalComponent {...props} />;
  return <ChoiceFilter {...props} values={property.availableValues.map(({ value }) => String(value))} />;
}
