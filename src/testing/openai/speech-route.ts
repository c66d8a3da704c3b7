import { badRequest, breakStream, keepPace, type Route } from './http-api.ts';

const SAMPLES_PER_MS = 24;

/** `POST /v1/audio/speech` with `response_format: pcm`. */
export const createSpeechRoute: Route = async (exchange) => {
  const { body, mind, pace, signal, lateFault, response } = exchange;
  const { input, speed = 1 } = body;
  if (typeof input !== 'string' || input === '' || input.length > 4_096) {
    return exchange.refuse(badRequest(400, 'Input should be a string of 1 to 4096 characters.'));
  }
  if (body.response_format !== 'pcm') return exchange.refuse(badRequest(400, 'Only pcm is spoken here.'));
  if (typeof speed !== 'number' || speed < 0.25 || speed > 4) {
    return exchange.refuse(badRequest(400, 'Input should be greater than or equal to 0.25.'));
  }
  response.writeHead(200, { 'content-type': 'audio/pcm', 'transfer-encoding': 'chunked' });
  let pieces = 0;
  for await (const samples of mind.speak(input, { speed, signal })) {
    if (pieces++ === 1 && lateFault) {
      await breakStream(lateFault, response, signal);
      if (response.destroyed || lateFault === 'stall') return;
    }
    const bytes = Buffer.from(samples.buffer, samples.byteOffset, samples.byteLength);
    // A chunk's end is no sample's end.
    const cut = Math.floor(bytes.length / 2) | 1;
    response.write(bytes.subarray(0, cut));
    response.write(bytes.subarray(cut));
    await keepPace(samples.length / SAMPLES_PER_MS, pace, signal);
    if (signal.aborted) return;
  }
  response.end();
};

export const listModels: Route = ({ response }) => {
  const data = ['gpt-realtime-2.1', 'gpt-live-transcribe', 'gpt-transcribe', 'gpt-4o-mini-tts', 'gpt-5.4-mini'].map(
    (id) => ({ id, object: 'model', created: 1_767_225_600, owned_by: 'openai' }),
  );
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ object: 'list', data }));
  return Promise.resolve();
};
