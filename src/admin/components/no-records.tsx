import { Button, InfoBox, Text } from '@adminjs/design-system';
import { ActionButton, useTranslation, type ResourceJSON } from 'adminjs';
import React from 'react';
import { useLocation, useNavigate } from 'react-router';

/** Why a list is empty: nothing is there yet, or the filter lets nothing through. */
export default function NoRecords({ resource }: { readonly resource: ResourceJSON }) {
  const { translateButton, translateMessage } = useTranslation();
  const { pathname, search } = useLocation();
  const navigate = useNavigate();
  const filtered = [...new URLSearchParams(search).keys()].some((name) => name.startsWith('filters.'));
  const create = resource.resourceActions.find((action) => action.name === 'new');
  if (filtered) {
    return (
      <InfoBox title={translateMessage('nothingFound')} illustration="Docs">
        <Text mb="xxl">{translateMessage('nothingFoundAbout')}</Text>
        <Button variant="contained" data-testid="show-all" onClick={() => navigate(pathname)}>
          {translateButton('resetFilter')}
        </Button>
      </InfoBox>
    );
  }
  return (
    <InfoBox title={translateMessage('noRecords', resource.id)} illustration="Docs">
      <Text mb="xxl">{translateMessage('noRecordsInResource', resource.id)}</Text>
      {create && (
        <ActionButton action={create} resourceId={resource.id}>
          <Button variant="contained">{translateButton('createFirstRecord', resource.id)}</Button>
        </ActionButton>
      )}
    </InfoBox>
  );
}
