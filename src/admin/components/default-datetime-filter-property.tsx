import { DatePicker, FormGroup, Label } from '@adminjs/design-system';
import { useTranslation } from 'adminjs';
import React from 'react';
import type { Filtering } from './choosing/choice-filter.tsx';
import { filterId } from './choosing/filter-field.tsx';

const BOUNDS = ['from', 'to'];

/** A filter by the time between two, each named in full. */
export default function DefaultDatetimeFilterProperty({ property, filter, onChange }: Filtering) {
  const { translateProperty } = useTranslation();
  const { label, path, resourceId } = property;
  return (
    <>
      {BOUNDS.map((bound) => {
        const id = `${filterId(property)}-${bound}`;
        const name = `${path}~~${bound}`;
        return (
          <FormGroup key={bound} variant="filter">
            <Label htmlFor={id}>
              {translateProperty(label, resourceId)}, {translateProperty(bound, resourceId).toLowerCase()}
            </Label>
            <DatePicker
              id={id}
              value={filter?.[name]}
              propertyType={property.type}
              onChange={(date) => onChange(name, date)}
            />
          </FormGroup>
        );
      })}
    </>
  );
}
