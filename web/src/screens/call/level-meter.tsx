import { useEffect, useRef } from 'react';
import type { Voice, VoiceLevel } from '../../call/levels.ts';
import { useI18n } from '../../i18n/i18n.ts';

const BARS = 12;
const EVERY_MS = 60;

/** The microphone's loudness in bars. Written straight to the elements: React has no part in twenty updates a second. */
export function LevelMeter(props: {
  readonly readLevel: (voice: Voice) => VoiceLevel | undefined;
  readonly muted: boolean;
}) {
  const { t } = useI18n();
  const meter = useRef<HTMLDivElement>(null);
  const latest = useRef(props);
  latest.current = props;

  useEffect(() => {
    const timer = setInterval(() => {
      const element = meter.current;
      if (!element) return;
      const level = latest.current.muted ? 0 : (latest.current.readLevel('learner')?.level ?? 0);
      const lit = Math.round(level * BARS);
      if (element.dataset['lit'] === String(lit)) return;
      element.dataset['lit'] = String(lit);
      element.setAttribute('aria-valuenow', String(Math.round(level * 100)));
      for (let bar = 0; bar < element.children.length; bar += 1) {
        element.children[bar]?.toggleAttribute('data-lit', bar < lit);
      }
    }, EVERY_MS);
    return () => clearInterval(timer);
  }, []);

  return (
    <div
      ref={meter}
      className="meter"
      role="meter"
      aria-label={t('call.level')}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={0}
    >
      {Array.from({ length: BARS }, (_, bar) => (
        <i key={bar} />
      ))}
    </div>
  );
}
