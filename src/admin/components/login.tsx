import { Box, Button, FormGroup, H4, Input, Label, MessageBox, Text } from '@adminjs/design-system';
import { useTranslation } from 'adminjs';
import React from 'react';
import { Logo } from './look/logo.tsx';
import { Themed } from './look/themed.tsx';

interface LoginState {
  readonly action: string;
  readonly errorMessage: string | null;
}

declare global {
  interface Window {
    readonly __APP_STATE__: LoginState;
  }
}

/** Where staff sign in. */
export default function Login() {
  // oxlint-disable-next-line no-underscore-dangle -- AdminJS's name
  const { action, errorMessage } = window.__APP_STATE__;
  const { translateComponent, translateMessage } = useTranslation();
  return (
    <Themed>
      <Box flex flexDirection="column" alignItems="center" justifyContent="center" minHeight="100vh" bg="bg" p="lg">
        <Box
          as="form"
          action={action}
          method="POST"
          bg="white"
          p={['xl', 'x3']}
          width={['100%', '420px']}
          boxShadow="login"
          style={{ borderRadius: '20px' }}
        >
          <Logo height={40} />
          <H4 mt="xl" mb="default">
            {translateComponent('Login.welcomeHeader')}
          </H4>
          <Text mb="xl" color="grey60">
            {translateComponent('Login.welcomeMessage')}
          </Text>
          {errorMessage !== null && (
            <Box mb="xl" role="alert">
              <MessageBox message={translateMessage(errorMessage)} variant="danger" />
            </Box>
          )}
          <FormGroup>
            <Label htmlFor="email">{translateComponent('Login.properties.email')}</Label>
            <Input id="email" name="email" type="email" autoComplete="username" required autoFocus width="100%" />
          </FormGroup>
          <FormGroup>
            <Label htmlFor="password">{translateComponent('Login.properties.password')}</Label>
            <Input
              id="password"
              name="password"
              type="password"
              autoComplete="current-password"
              required
              width="100%"
            />
          </FormGroup>
          <Button variant="contained" type="submit" mt="lg" style={{ width: '100%' }}>
            {translateComponent('Login.loginButton')}
          </Button>
          <Text mt="lg">
            <Box as="a" href="/forgot-password" color="primary100" py="sm">
              {translateComponent('Login.forgotPassword')}
            </Box>
          </Text>
        </Box>
      </Box>
    </Themed>
  );
}
