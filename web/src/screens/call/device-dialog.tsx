import { useEffect, useId, useRef, useState } from 'react';
import type { CallController } from '../../call/call-controller.ts';
import { canChooseSpeaker } from '../../call/microphone.ts';
import type { SoundDevice } from '../../call/microphone.ts';
import { CloseIcon } from '../../components/icons.tsx';
import { useI18n } from '../../i18n/i18n.ts';
import { LevelMeter } from './level-meter.tsx';
import { useDevices } from './use-devices.ts';

/** Microphone and speaker, chosen in the middle of a call. The browser's own dialog: it keeps the focus and closes on Escape. */
export function DeviceDialog(props: {
  readonly call: CallController;
  readonly muted: boolean;
  readonly onClose: () => void;
}) {
  const { t } = useI18n();
  const dialog = useRef<HTMLDialogElement>(null);
  const microphones = useDevices('audioinput');
  const speakers = useDevices('audiooutput');
  const [microphone, setMicrophone] = useState(props.call.microphoneId ?? '');
  const [speaker, setSpeaker] = useState(props.call.speakerId ?? '');
  const [failed, setFailed] = useState(false);
  const [carrier, setCarrier] = useState(props.call.prefersSocket ? 'socket' : 'automatic');
  const titleId = useId();
  const carrierId = useId();

  useEffect(() => {
    const element = dialog.current;
    element?.showModal();
    return () => element?.close();
  }, []);

  return (
    <dialog
      ref={dialog}
      className="dialog"
      aria-labelledby={titleId}
      onClose={props.onClose}
      onClick={(event) => event.target === dialog.current && dialog.current?.close()}
    >
      <div className="dialog-body">
        <div className="dialog-head">
          <h2 id={titleId}>{t('call.devices_title')}</h2>
          <button
            type="button"
            className="icon-button"
            aria-label={t('app.close')}
            onClick={() => dialog.current?.close()}
          >
            <CloseIcon size={22} />
          </button>
        </div>
        <DeviceSelect
          label={t('call.microphone')}
          systemLabel={t('ready.system_microphone')}
          devices={microphones}
          value={microphone}
          onChoose={(id) => {
            setFailed(false);
            const before = microphone;
            setMicrophone(id);
            props.call.chooseMicrophone(id).catch(() => {
              setFailed(true);
              setMicrophone(before);
            });
          }}
        />
        <LevelMeter readLevel={(voice) => props.call.readLevel(voice)} muted={props.muted} />
        {canChooseSpeaker() && (
          <DeviceSelect
            label={t('call.speaker')}
            systemLabel={t('call.system_speaker')}
            devices={speakers}
            value={speaker}
            onChoose={(id) => {
              setSpeaker(id);
              void props.call.chooseSpeaker(id);
            }}
          />
        )}
        <div className="field">
          <label htmlFor={carrierId}>{t('call.carrier')}</label>
          <select
            id={carrierId}
            className="select"
            value={carrier}
            aria-describedby={`${carrierId}-note`}
            onChange={({ target }) => {
              const value = target.value === 'socket' ? 'socket' : 'automatic';
              setCarrier(value);
              props.call.chooseCarrier(value === 'socket');
            }}
          >
            <option value="automatic">{t('call.carrier.automatic')}</option>
            <option value="socket">{t('call.carrier.socket')}</option>
          </select>
          <p id={`${carrierId}-note`} className="field-note">
            {t('call.carrier.note')}
          </p>
        </div>
        <div role="alert">{failed && <p className="callout bad">{t('call.device_failed')}</p>}</div>
      </div>
    </dialog>
  );
}

export function DeviceSelect(props: {
  readonly label: string;
  readonly systemLabel: string;
  readonly devices: readonly SoundDevice[];
  readonly value: string;
  readonly note?: string | undefined;
  readonly onChoose: (id: string) => void;
}) {
  const id = useId();
  const named = props.devices.filter((device) => device.id !== 'default' && device.id !== 'communications');
  return (
    <div className="field">
      <label htmlFor={id}>{props.label}</label>
      <select id={id} className="select" value={props.value} onChange={(event) => props.onChoose(event.target.value)}>
        <option value="">{props.systemLabel}</option>
        {named.map((device) => (
          <option key={device.id} value={device.id}>
            {device.label}
          </option>
        ))}
      </select>
      {props.note && <p className="field-note">{props.note}</p>}
    </div>
  );
}
