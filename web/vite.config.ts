import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

/** In development the API and the calls' signaling are those of a running `./ailingva up`. */
const backend = 'http://127.0.0.1:3000';

export default defineConfig({
  root: import.meta.dirname,
  plugins: [react()],
  build: {
    outDir: '../.local/web',
    emptyOutDir: true,
    target: 'es2022',
    // The page runs under a policy without `data:` and without inline scripts.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  server: {
    host: '127.0.0.1',
    proxy: { '/api': backend, '/rtc': { target: backend, ws: true } },
  },
});
