import { FormGroup, Label } from '@adminjs/design-system';
import { useTranslation, type PropertyJSON } from 'adminjs';
import React from 'react';

export function filterId({ path }: PropertyJSON): string {
  return `filter-${path}`;
}

/** One filter under its label. */
export function FilterField({
  property,
  children,
}: {
  readonly property: PropertyJSON;
  readonly children: React.ReactNode;
}) {
  const { translateProperty } = useTranslation();
  return (
    <FormGroup variant="filter">
      <Label htmlFor={filterId(property)}>{translateProperty(property.label, property.resourceId)}</Label>
      {children}
    </FormGroup>
  );
}
