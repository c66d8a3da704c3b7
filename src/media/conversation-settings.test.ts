import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createSilentLogger } from '../platform/log.ts';
import { createTestDatabase } from '../testing/test-database.ts';
import { defaultTurnSettings } from './call/turn-settings.ts';
import { conversationSettings, readConversationSettings } from './conversation-settings.ts';

describe('the settings of conversation', () => {
  it('are the defaults of the design while nobody has changed them', async (t) => {
    const { knex } = await createTestDatabase(t);
    const settings = await readConversationSettings(knex, createSilentLogger());
    assert.deepEqual(settings.turns, defaultTurnSettings);
    assert.deepEqual(settings.voice, {
      startThreshold: 0.5,
      stopThreshold: 0.35,
      startAfterMs: 60,
      stopAfterMs: 100,
      paddingMs: 300,
    });
  });

  it('take what is set, refuse what cannot be, and keep the delays in their order', async (t) => {
    const { knex } = await createTestDatabase(t);
    const set = (key: string, value: unknown) => knex('settings').insert({ key, value: JSON.stringify(value) });
    await set('turns.min_endpoint_delay_ms', 900);
    await set('turns.away_after_ms', 'soon');
    await set('turns.voice_threshold', 0.6);
    const { turns, voice } = await readConversationSettings(knex, createSilentLogger());
    assert.equal(turns.minEndpointDelayMs, 900);
    assert.equal(turns.unsureEndpointDelayMs, 900);
    assert.equal(turns.awayAfterMs, defaultTurnSettings.awayAfterMs);
    assert.equal(voice.startThreshold, 0.6);
  });

  it('have a key, a unit, a description and a default that their own schema takes', () => {
    for (const { key, schema, fallback, unit, description } of conversationSettings) {
      assert.match(key, /^turns\.[a-z_]+$/);
      assert.equal(unit === 'ms', key.endsWith('_ms'), key);
      assert.ok(description.en.length > 20, key);
      assert.equal(schema.parse(fallback), fallback);
    }
    assert.equal(new Set(conversationSettings.map(({ key }) => key)).size, conversationSettings.length);
  });
});
