import React from 'react';
import { ChoiceFilter, type Filtering } from './choosing/choice-filter.tsx';

const YES_AND_NO = ['true', 'false'];

/** A filter by yes and no, in the panel's language. */
export default function DefaultBooleanFilterProperty(props: Filtering) {
  return <ChoiceFilter {...props} values={YES_AND_NO} />;
}
