import { createScriptedMind } from '../../src/testing/openai/mind.ts';
import { startOpenAiServer } from '../../src/testing/openai/server.ts';

/** The protocol server in a process of its own, so that its memory is not counted as the product's. */
const server = await startOpenAiServer({ mind: createScriptedMind({ msPerCharacter: 10 }) });
process.send?.({ baseUrl: server.baseUrl, apiKey: server.apiKey });
process.on('disconnect', () => process.exit(0));
