import assert from 'node:assert/strict';
import path from 'node:path';
import { it } from 'node:test';
import { loadConfig } from '../src/platform/config.ts';
import { productEnvironment, testEnvironment } from './launch.ts';
import { opusAddon, pageFolder, panelFolder, placeOf, pocketsphinxProgram } from './place.ts';

const place = placeOf(path.resolve(import.meta.dirname, '..'));

it('the product finds what the set-up has built, wherever it keeps its data', () => {
  const { dataDir, web, media, speech } = loadConfig(productEnvironment(place, { DATA_DIR: '/var/lib/elsewhere' }));
  assert.equal(dataDir, '/var/lib/elsewhere');
  assert.deepEqual([web.root, web.panelRoot], [pageFolder(place), panelFolder(place)]);
  assert.deepEqual([media.opusAddon, speech.pocketsphinxStreamBin], [opusAddon(place), pocketsphinxProgram(place)]);
});

it('tests get the programs that were brought along, and nobody’s settings', () => {
  const mine = { PATH: '/bin', PROPERTY_RUNS: '7', OPUS_ADDON: '/own/opus.node', CHROMIUM_BIN: '/own/chromium' };
  const others = { OPENAI_API_KEY: 'key', NODE_ENV: 'production', DATABASE_URL: 'postgres://theirs/books', PORT: '80' };
  const environment = testEnvironment(place, { ...mine, ...others });
  for (const [name, value] of Object.entries(mine)) assert.equal(environment[name], value, name);
  for (const name of Object.keys(others)) assert.equal(environment[name], undefined, name);
});

it('tests have a folder for temporary files that leaves a browser room for its socket', () => {
  assert.equal(testEnvironment(place, { TMPDIR: '/var/tmp' })['TMPDIR'], '/var/tmp');
  assert.equal(testEnvironment(place, { TMPDIR: `/builds/${'deep/'.repeat(20)}` })['TMPDIR'], '/tmp');
});

it('what somebody brought along is left as it is', () => {
  const own = {
    MEDIASOUP_WORKER_BIN: '/own/worker',
    POCKETSPHINX_STREAM_BIN: '/own/ear',
    OPUS_ADDON: '/own/opus.node',
    WEB_ROOT: '/own/page',
    PANEL_ROOT: '/own/panel',
  };
  const environment = productEnvironment(place, own);
  for (const [name, value] of Object.entries(own)) assert.equal(environment[name], value, name);
});
