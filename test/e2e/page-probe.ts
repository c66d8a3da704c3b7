/**
 * Runs inside the page, before its own scripts: gives the page a microphone that a test can speak into, and records
 * what the tutor's track plays. The page itself is not changed; WebRTC, Opus and the network are the real ones.
 */
export interface CallProbe {
  /** Speaks a WAV file (base64) into the microphone; resolves when its last sample was spoken. */
  say(base64: string): Promise<void>;
  /** What was received since the call began, as base64 of 16-bit samples at 16 kHz. */
  heard(): string;
}

declare global {
  // A global of the page, by which the test reaches the probe.
  var callProbe: CallProbe;
}

export function watchCalls({ virtualMicrophone }: { readonly virtualMicrophone: boolean }): void {
  const received: Int16Array[] = [];
  let microphone: { context: AudioContext; output: MediaStreamAudioDestinationNode } | undefined;

  /** What the page plays now: a track by WebRTC, or one that it made itself of what came over the socket. */
  let played: MediaStreamTrack | undefined;
  const recorded = new WeakSet<MediaStreamTrack>();

  function record(track: MediaStreamTrack): void {
    const context = new AudioContext({ sampleRate: 16_000 });
    const source = context.createMediaStreamSource(new MediaStream([track]));
    // An AudioWorklet would have to load a script, which the page's own content policy rightly refuses.
    const processor = context.createScriptProcessor(1_024, 1, 1);
    processor.addEventListener('audioprocess', ({ inputBuffer }) => {
      if (track !== played) return;
      received.push(Int16Array.from(inputBuffer.getChannelData(0), (sample) => Math.round(sample * 32_767)));
    });
    source.connect(processor).connect(context.destination);
    void context.resume();
  }

  const property = Object.getOwnPropertyDescriptor(HTMLMediaElement.prototype, 'srcObject')!;
  Object.defineProperty(HTMLMediaElement.prototype, 'srcObject', {
    ...property,
    set(this: HTMLMediaElement, stream: MediaStream | null) {
      property.set!.call(this, stream);
      const track = stream?.getAudioTracks()[0];
      if (!track) return;
      played = track;
      if (!recorded.has(track)) record(track);
      recorded.add(track);
    },
  });

  if (virtualMicrophone) {
    navigator.mediaDevices.getUserMedia = async () => {
      const context = new AudioContext({ sampleRate: 48_000 });
      await context.resume();
      microphone = { context, output: context.createMediaStreamDestination() };
      // A room is never as silent as a number: without a little noise the track would carry nothing at all.
      const noise = context.createBuffer(1, 48_000, 48_000);
      const samples = noise.getChannelData(0);
      for (let index = 0; index < samples.length; index += 1) samples[index] = (Math.random() - 0.5) * 0.0005;
      const room = new AudioBufferSourceNode(context, { buffer: noise, loop: true });
      room.connect(microphone.output);
      room.start();
      return microphone.output.stream;
    };
  }

  globalThis.callProbe = {
    async say(base64) {
      if (!microphone) throw new Error('Nobody has asked for the microphone yet');
      const { context, output } = microphone;
      const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
      const source = new AudioBufferSourceNode(context, { buffer: await context.decodeAudioData(bytes.buffer) });
      const ended = new Promise((resolve) => source.addEventListener('ended', resolve, { once: true }));
      source.connect(output);
      source.start();
      await ended;
    },
    heard() {
      let text = '';
      for (const block of received) text += String.fromCharCode(...new Uint8Array(block.buffer));
      return btoa(text);
    },
  };
}
