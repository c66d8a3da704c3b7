import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import { loadConfig, loadServiceConfig, PROJECT_ROOT } from './config.ts';
import { AppError } from './errors.ts';

function problemsOf(load: () => unknown): Record<string, string> {
  const error = thrownBy(load);
  assert.ok(error instanceof AppError, 'nothing was wrong');
  assert.equal(error.code, 'config_invalid');
  const { errors } = error.details;
  assert.ok(Array.isArray(errors));
  return Object.fromEntries(errors.map(({ variable, problem }) => [variable, problem]));
}

function thrownBy(load: () => unknown): unknown {
  try {
    load();
    return undefined;
  } catch (error) {
    return error;
  }
}

test('nothing needs to be set', () => {
  const config = loadConfig({});
  assert.equal(config.web.port, 3000);
  assert.equal(config.dataDir, path.join(PROJECT_ROOT, '.local'));
  assert.equal(config.rtc.port, 44_444);
  assert.equal(config.databaseUrl, undefined);
});

test('an empty or blank variable is the same as none', () => {
  assert.deepEqual(loadConfig({ PORT: '', DATABASE_URL: '  ', ICE_SERVERS: '' }), loadConfig({}));
});

test('all wrong variables are named together, and no value is repeated', () => {
  const environment = {
    PORT: 'eighty',
    RTC_PORT: '99999',
    LOG_LEVEL: 'loud',
    DATABASE_URL: 'mysql://root:hunter2@db',
    TOKEN_SECRET: 'hunter2',
    ICE_SERVERS: '[{"urls": 1, "credential": "hunter2"}]',
    STT_ENGINE: '../local',
    ADMIN_EMAIL: 'nobody',
  };
  assert.deepEqual(
    Object.keys(problemsOf(() => loadConfig(environment))).toSorted(),
    Object.keys(environment).toSorted(),
  );
  assert.throws(
    () => loadConfig(environment),
    (error: Error) => !error.message.includes('hunter2') && error.message.includes('PORT: must be a port number'),
  );
});

test('what is wrong only together is named too', () => {
  const environment = {
    RTC_LISTEN_IP: '0.0.0.0',
    ADMIN_PASSWORD: 'long enough',
    RTC_PORT: '65535',
    MEDIA_PROCESSES: '2',
  };
  const problems = problemsOf(() => loadConfig(environment));
  assert.deepEqual(Object.keys(problems).toSorted(), ['ADMIN_EMAIL', 'RTC_ANNOUNCED_ADDRESS', 'RTC_PORT']);
  assert.deepEqual(Object.keys(problemsOf(() => loadConfig({ RTC_LISTEN_IP: '::' }))), ['RTC_ANNOUNCED_ADDRESS']);
});

test('an engine without its key is named by the variable that is missing', () => {
  const problems = problemsOf(() => loadConfig({ VOICE_ENGINE: 'openai', STT_ENGINE: 'yandex, local' }));
  assert.match(problems['OPENAI_API_KEY'] ?? '', /VOICE_ENGINE names openai/);
  assert.match(problems['YANDEX_API_KEY'] ?? '', /STT_ENGINE names yandex/);
  const { speech } = loadConfig({ STT_ENGINE: 'yandex, local', YANDEX_IAM_TOKEN: 'secret' });
  assert.deepEqual(speech.wishes.stt, ['yandex', 'local']);
});

test('a key is good for a header, whatever a paste left around it', () => {
  const { speech } = loadConfig({ OPENAI_API_KEY: ' sk-a\r\n', YANDEX_API_KEY: 'AQVN-a\r' });
  assert.deepEqual([speech.openai.apiKey, speech.yandex.apiKey], ['sk-a', 'AQVN-a']);
  const problems = problemsOf(() => loadConfig({ OPENAI_API_KEY: 'sk-\u2013a', YANDEX_IAM_TOKEN: 't1.a b' }));
  assert.deepEqual(Object.keys(problems).toSorted(), ['OPENAI_API_KEY', 'YANDEX_IAM_TOKEN']);
});

test('production names what it cannot go without', () => {
  const problems = problemsOf(() => loadConfig({ NODE_ENV: 'production' }));
  assert.deepEqual(Object.keys(problems).toSorted(), ['DATABASE_URL', 'TOKEN_SECRET']);
});

test('a process that serves needs a database and the key of its tokens', () => {
  const problems = problemsOf(() => loadServiceConfig({}));
  assert.deepEqual(Object.keys(problems).toSorted(), ['DATABASE_URL', 'TOKEN_SECRET']);
  const set = { DATABASE_URL: 'postgres://a:b@127.0.0.1:5432/c', TOKEN_SECRET: 'x'.repeat(32) };
  assert.equal(loadServiceConfig(set).databaseUrl, set.DATABASE_URL);
});

test('relative folders count from the checkout', () => {
  assert.equal(loadConfig({ DATA_DIR: 'elsewhere' }).dataDir, path.join(PROJECT_ROOT, 'elsewhere'));
  assert.equal(loadConfig({ DATA_DIR: '/data' }).web.root, '/data/web');
});

test('ICE servers are addresses between commas, or JSON', () => {
  const plain = loadConfig({ ICE_SERVERS: 'stun:one.example:3478, turns:two.example' });
  assert.deepEqual(plain.rtc.iceServers, [{ urls: 'stun:one.example:3478' }, { urls: 'turns:two.example' }]);
  const json = loadConfig({ ICE_SERVERS: '[{"urls":["turn:x"],"username":"u","credential":"c"}]' });
  assert.deepEqual(json.rtc.iceServers, [{ urls: ['turn:x'], username: 'u', credential: 'c' }]);
});

test('an announced address opens the calls to the world; without one they stay on this machine', () => {
  assert.equal(loadConfig({}).rtc.listenIp, '127.0.0.1');
  assert.equal(loadConfig({ RTC_ANNOUNCED_ADDRESS: 'voice.example' }).rtc.listenIp, '0.0.0.0');
});

test('payments: the sandbox where nobody earns money, a whole access elsewhere', () => {
  assert.equal(loadConfig({}).payments.provider, 'sandbox');
  const production = {
    NODE_ENV: 'production',
    DATABASE_URL: 'postgres://db/ailingva',
    TOKEN_SECRET: 'x'.repeat(32),
  };
  assert.equal(loadConfig(production).payments.provider, undefined);
  assert.deepEqual(Object.keys(problemsOf(() => loadConfig({ ...production, PAYMENT_PROVIDER: 'sandbox' }))), [
    'PAYMENT_PROVIDER',
  ]);
  const yookassa = { ...production, PAYMENT_PROVIDER: 'yookassa' };
  assert.deepEqual(Object.keys(problemsOf(() => loadConfig(yookassa))).toSorted(), [
    'YOOKASSA_SECRET_KEY',
    'YOOKASSA_SHOP_ID',
  ]);
  const { payments } = loadConfig({ ...yookassa, YOOKASSA_SHOP_ID: '100500', YOOKASSA_SECRET_KEY: 'test_key' });
  assert.equal(payments.yookassa.apiUrl, 'https://api.yookassa.ru/v3');
  assert.equal(payments.yookassa.receipts, undefined);
  const shop = { ...yookassa, YOOKASSA_SHOP_ID: '100500', YOOKASSA_SECRET_KEY: 'test_key' };
  assert.deepEqual(Object.keys(problemsOf(() => loadConfig({ ...shop, YOOKASSA_TAX_SYSTEM_CODE: '2' }))), [
    'YOOKASSA_VAT_CODE',
  ]);
  assert.deepEqual(
    loadConfig({ ...shop, YOOKASSA_TAX_SYSTEM_CODE: '2', YOOKASSA_VAT_CODE: '1' }).payments.yookassa.receipts,
    { vatCode: 1, taxSystemCode: 2, paymentMode: 'full_prepayment' },
  );
});
