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

  function record(track: MediaStreamTrack): void {
    const context = new AudioContext({ sampleRate: 16_000 });
    const source = context.createMediaStreamSource(new MediaStream([track]));
    // An AudioWorklet would have to load a script, which the page's own content policy rightly refuses.
    const processor = context.createScriptProcessor(1_024, 1, 1);
    processor.addEventListener('audioprocess', ({ inputBuffer }) => {
      received.push(Int16Array.from(inputBuffer.getChannelData(0), (sample) => Math.round(sample * 32_767)));
    });
    source.connect(processor).connect(context.destination);
    void context.resume();
  }

  const known = new WeakSet<MediaStreamTrack>();
  const Original = globalThis.RTCPeerConnection;
  globalThis.RTCPeerConnection = class extends Original {
    constructor(configuration?: RTCConfiguration) {
      super(configuration);
      this.addEventListener('track', ({ track }) => {
        known.add(track);
        record(track);
      });
    }
  };

  // Where the voice comes over the socket, it is a stream that the page made itself.
  const source = Object.getOwnPropertyDescriptor(HTMLMediaElement.prototype, 'srcObject')!;
  Object.defineProperty(HTMLMediaElement.prototype, 'srcObject', {
    ...source,
    set(this: HTMLMediaElement, stream: MediaStream | null) {
      source.set!.call(this, stream);
      for (const track of stream?.getAudioTracks() ?? []) {
        if (known.has(track)) continue;
        known.add(track);
        record(track);
      }
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
