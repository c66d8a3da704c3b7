import type { CallProblem } from './problems.ts';

export interface SoundDevice {
  readonly id: string;
  readonly label: string;
}

/** What the browser lacks for a call, before anything is asked of it. */
export function missingForCalls(view: Window & typeof globalThis): CallProblem | undefined {
  if (!view.isSecureContext) return 'insecure_page';
  if (!('RTCPeerConnection' in view) || !view.navigator.mediaDevices) return 'webrtc_missing';
  return undefined;
}

/** Asks for the microphone. A chosen device that is gone gives way to the system's. Throws `DOMException`s. */
export function openMicrophone(deviceId: string | undefined): Promise<MediaStream> {
  return navigator.mediaDevices.getUserMedia({
    audio: {
      echoCancellation: true,
      noiseSuppression: true,
      autoGainControl: true,
      channelCount: { ideal: 1 },
      ...(deviceId === undefined ? {} : { deviceId: { ideal: deviceId } }),
    },
  });
}

/** Names are empty until the microphone was allowed once; such devices are left out. */
export async function listDevices(kind: 'audioinput' | 'audiooutput'): Promise<readonly SoundDevice[]> {
  const all = (await navigator.mediaDevices?.enumerateDevices()) ?? [];
  return all
    .filter((device) => device.kind === kind && device.deviceId !== '' && device.label !== '')
    .map((device) => ({ id: device.deviceId, label: device.label }));
}

export function canChooseSpeaker(): boolean {
  return 'setSinkId' in HTMLMediaElement.prototype;
}
