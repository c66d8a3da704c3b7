import { cpus, loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { formatTable, type Row } from './calls/report.ts';
import { measureOpenAi, type OpenAiFigures } from './engines/openai.ts';
import { measureYandex } from './engines/yandex.ts';

/**
 * `./ailingva bench engines`: the product's own share of what a vendor's engine takes, beside servers of their protocols
 * that answer at once. Nothing leaves the machine.
 */

const USAGE = 'Usage: ./ailingva bench engines [--only openai|yandex] [--json]';

function readOptions(): { readonly only: string | undefined; readonly json: boolean } | undefined {
  try {
    const { values } = parseArgs({ options: { only: { type: 'string' }, json: { type: 'boolean', default: false } } });
    const { only, json } = values;
    return only === undefined || only === 'openai' || only === 'yandex' ? { only, json } : undefined;
  } catch {
    return undefined;
  }
}

function openAiRows(figures: OpenAiFigures): readonly Row[] {
  const row = (name: string, value: number, unit: string, atMost?: number): Row => ({
    name: `OpenAI: ${name}`,
    value,
    unit,
    ...(atMost !== undefined && { atMost }),
  });
  return [
    row('first partial after the first audio, p95', figures.first_partial_ms_p95, 'ms', 15),
    row('first audio of a sentence after the first byte, p95', figures.first_audio_speech_ms_p95, 'ms', 25),
    row('first audio of Realtime after the first byte, p95', figures.first_audio_realtime_ms_p95, 'ms', 25),
    row('audio delivered to Realtime, p99', figures.delivery_ms_p99, 'ms', 40),
    row('calls of 30 of each kind at once that failed', figures.thirty_failures, '', 0),
    row('longest stall with 30 of each kind', figures.thirty_stall_ms, 'ms'),
    row('memory after 1000 short calls beside the first 100', figures.memory_growth_percent, '%', 5),
  ];
}

const say = (text: string) => process.stderr.write(`${text}\n`);

async function main({ only, json }: NonNullable<ReturnType<typeof readOptions>>): Promise<void> {
  const [loadBefore = 0] = loadavg();
  const rows: Row[] = [];
  if (only !== 'openai') {
    say('Yandex');
    rows.push(...(await measureYandex()));
  }
  if (only !== 'yandex') {
    say('OpenAI');
    rows.push(...openAiRows(await measureOpenAi((text) => say(`  ${text}`))));
  }
  if (json) process.stdout.write(`${JSON.stringify(rows, undefined, 2)}\n`);
  else {
    const [cpu] = cpus();
    process.stdout.write(`${cpus().length} × ${cpu?.model ?? '?'}, load before ${loadBefore.toFixed(1)}\n`);
    process.stdout.write(`${formatTable(rows)}\n`);
  }
  const missed = rows.filter(({ value, atMost }) => atMost !== undefined && !(value <= atMost));
  process.exitCode = missed.length === 0 ? 0 : 1;
}

const options = readOptions();
if (options) await main(options);
else {
  say(USAGE);
  process.exitCode = 2;
}
