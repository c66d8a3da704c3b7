import type { EditPropertyProps } from 'adminjs';
import React from 'react';
import { useSelectWords } from './choosing/select-words.ts';

/** AdminJS's own, with a select's words in the panel's language. */
export default function DefaultEditProperty(
  props: EditPropertyProps & { readonly OriginalComponent: React.ComponentType<EditPropertyProps> },
) {
  const { OriginalComponent, ...rest } = props;
  const words = useSelectWords();
  const { property } = rest;
  if (!property.availableValues) return <OriginalComponent {...rest} />;
  return <OriginalComponent {...rest} property={{ ...property, props: { ...words, ...property.props } }} />;
}
