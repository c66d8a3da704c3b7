import { Box, H3, Text } from '@adminjs/design-system';
import { useTranslation } from 'adminjs';
import React from 'react';

/** The first page. */
export default function Dashboard() {
  const { translateMessage } = useTranslation();
  return (
    <Box p="xxl">
      <H3>AIlingva</H3>
      <Text mt="default">{translateMessage('welcome')}</Text>
    </Box>
  );
}
