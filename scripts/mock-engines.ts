import { parseArgs } from 'node:util';
import { loadConfig } from '../src/platform/config.ts';
import { createLogger } from '../src/platform/log.ts';
import { startMockEngines } from '../src/testing/mock-engines.ts';

/** `./ailingva mock-engines`: OpenAI and Yandex on this machine, until Ctrl-C. */

const USAGE = 'Usage: ./ailingva mock-engines [--openai-port 4010] [--yandex-port 4011]';

function readPorts(): { readonly openAiPort: number; readonly yandexPort: number } | undefined {
  try {
    const { values } = parseArgs({
      options: {
        'openai-port': { type: 'string', default: '4010' },
        'yandex-port': { type: 'string', default: '4011' },
      },
    });
    const [openAiPort, yandexPort] = [Number(values['openai-port']), Number(values['yandex-port'])];
    const fit = [openAiPort, yandexPort].every((port) => Number.isInteger(port) && port >= 0 && port < 65_536);
    return fit ? { openAiPort, yandexPort } : undefined;
  } catch {
    return undefined;
  }
}

const ports = readPorts();
if (ports === undefined) {
  process.stderr.write(`${USAGE}\n`);
  process.exitCode = 2;
} else {
  const config = loadConfig(process.env);
  const log = createLogger({ ...config.log, process: 'mock-engines' });
  const { pocketsphinxStreamBin } = config.speech;
  const engines = await startMockEngines({ ...ports, pocketsphinxStreamBin, log });
  const lines = Object.entries(engines.environment).map(([name, value]) => `${name}=${value}`);
  process.stdout.write(
    [
      'Both vendors answer on this machine, with the local engines behind. For .env, or before ./ailingva up:',
      '',
      ...lines,
      '',
      '# VOICE_ENGINE=openai: speech to speech. VOICE_ENGINE=yandex: hears and speaks.',
      '# They understand English; of Russian, that it is spoken.',
      'Stop with Ctrl-C.',
      '',
    ].join('\n'),
  );
  const stop = (): void => {
    void engines.close().then(() => process.exit(0));
  };
  process.once('SIGINT', stop).once('SIGTERM', stop);
}
