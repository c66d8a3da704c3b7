import assert from 'node:assert/strict';
import { afterEach, describe, test } from 'node:test';
import { recorderFormat } from './voice-recorder.ts';

/** What browsers say to `isTypeSupported`, of what we ask them. */
const BROWSERS: Readonly<Record<string, { readonly types: readonly string[]; readonly chosen: string | undefined }>> = {
  'Chromium and newer Safari': {
    types: ['audio/webm;codecs=opus', 'audio/mp4;codecs=opus', 'audio/mp4'],
    chosen: 'webm',
  },
  Firefox: { types: ['audio/webm;codecs=opus', 'audio/ogg;codecs=opus'], chosen: 'webm' },
  'a browser that knows Ogg alone': { types: ['audio/ogg;codecs=opus'], chosen: 'ogg' },
  'Safari before WebM': { types: ['audio/mp4'], chosen: 'mp4' },
  'a browser that records video alone': { types: ['video/x-matroska'], chosen: undefined },
};

describe('the form of a recorder', () => {
  afterEach(() => Reflect.deleteProperty(globalThis, 'MediaRecorder'));

  for (const [name, { types, chosen }] of Object.entries(BROWSERS)) {
    test(`in ${name}: ${chosen ?? 'none'}`, () => {
      Reflect.set(globalThis, 'MediaRecorder', { isTypeSupported: (type: string) => types.includes(type) });
      const format = recorderFormat();
      assert.equal(format?.container, chosen);
      if (format) assert.ok(types.includes(format.mimeType));
    });
  }

  test('there is none where nothing can be recorded', () => {
    assert.equal(recorderFormat(), undefined);
  });
});
