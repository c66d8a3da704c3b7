import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { endpointDelayMs, endsUnfinished, isBackchannel } from './endpointing.ts';
import { defaultTurnSettings as settings } from './turn-settings.ts';

describe('endpointing', () => {
  const delay = (text: string, language: 'en' | 'ru' = 'en', engineSaysEnded = false) =>
    endpointDelayMs({ text, engineSaysEnded }, language, settings);

  it('waits least after a whole sentence or on the word of the engine', () => {
    assert.equal(delay('I like tea.'), settings.minEndpointDelayMs);
    assert.equal(delay('Really?"'), settings.minEndpointDelayMs);
    assert.equal(delay('i like tea', 'en', true), settings.minEndpointDelayMs);
  });

  it('waits longest after a phrase that breaks off', () => {
    for (const text of ['i like tea and', 'I would like to', 'give me the', 'well, um', 'On Monday,']) {
      assert.equal(delay(text), settings.maxEndpointDelayMs, text);
    }
    assert.equal(delay('я пошёл, потому что', 'ru'), settings.maxEndpointDelayMs);
    assert.equal(delay('i like tea and', 'en', true), settings.maxEndpointDelayMs);
  });

  it('waits in between when nothing speaks for either', () => {
    assert.equal(delay('i like tea'), settings.unsureEndpointDelayMs);
  });

  it('takes whole words only, and a full stop for the end of them', () => {
    assert.equal(endsUnfinished('i saw a panda', 'en'), false);
    assert.equal(endsUnfinished('What are you waiting for?', 'en'), false);
    assert.equal(endsUnfinished('', 'en'), false);
  });

  it('knows a backchannel only when it stands alone', () => {
    assert.equal(isBackchannel('Mm-hm.', 'en'), true);
    assert.equal(isBackchannel('Yeah', 'en'), true);
    assert.equal(isBackchannel('yeah but no', 'en'), false);
    assert.equal(isBackchannel('Угу', 'ru'), true);
    assert.equal(isBackchannel('', 'en'), false);
  });
});
