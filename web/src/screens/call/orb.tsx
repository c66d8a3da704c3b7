import { useEffect, useRef } from 'react';
import type { Voice, VoiceLevel } from '../../call/levels.ts';
import { moveOrb, outline, restingOrb } from './orb-shape.ts';
import type { OrbColors, OrbMotion, OrbPhase, Rgb } from './orb-shape.ts';

/** The resting radius as a share of half the canvas: the rest is room for the glow. */
const REST = 0.56;
const STEPS = 96;
const WHITE: Rgb = [255, 255, 255];

/**
 * The call's face: two voices in one living shape. It follows the real loudness of whoever speaks. For those who asked
 * for less motion it stands still and only its glow follows the voice, a few times a second.
 */
export function Orb(props: {
  readonly phase: OrbPhase;
  readonly muted: boolean;
  readonly readLevel: ((voice: Voice) => VoiceLevel | undefined) | undefined;
}) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const latest = useRef(props);
  latest.current = props;

  useEffect(() => {
    const element = canvas.current;
    const context = element?.getContext('2d');
    if (!element || !context) return undefined;
    const calm = matchMedia('(prefers-reduced-motion: reduce)');
    let colors = readColors(element);
    let motion = restingOrb(colors);
    let lastMs = performance.now();
    let lastColorsMs = lastMs;
    let frame = 0;

    function draw(nowMs: number): void {
      frame = requestAnimationFrame(draw);
      const seconds = (nowMs - lastMs) / 1000;
      if (calm.matches && seconds < 0.2) return;
      lastMs = nowMs;
      // The theme may change under us.
      if (nowMs - lastColorsMs > 500) {
        colors = readColors(element!);
        lastColorsMs = nowMs;
      }
      const { phase, muted, readLevel } = latest.current;
      const voice =
        phase === 'speaking'
          ? readLevel?.('tutor')
          : muted || (phase !== 'hearing' && phase !== 'listening')
            ? undefined
            : readLevel?.('learner');
      motion = moveOrb(motion, phase, voice, colors, Math.min(seconds, 0.1));
      paint(element!, context!, motion, muted ? 0.6 : 1, calm.matches);
    }
    frame = requestAnimationFrame(draw);
    return () => cancelAnimationFrame(frame);
  }, []);

  return (
    <div className="orb" data-phase={props.phase}>
      <canvas ref={canvas} className="orb-canvas" aria-hidden="true" />
    </div>
  );
}

/** The canvas wears the tokens as border colours, where the browser resolves them. */
function readColors(element: HTMLCanvasElement): OrbColors {
  const style = getComputedStyle(element);
  return {
    tutor: readRgb(style.borderTopColor),
    learner: readRgb(style.borderRightColor),
    quiet: readRgb(style.borderBottomColor),
  };
}

function readRgb(color: string): Rgb {
  const [red = 0, green = 0, blue = 0] = (color.match(/[\d.]+/g) ?? []).map(Number);
  return [red, green, blue];
}

const css = ([red, green, blue]: Rgb, alpha: number): string =>
  `rgba(${Math.round(red)}, ${Math.round(green)}, ${Math.round(blue)}, ${alpha})`;

function paint(
  element: HTMLCanvasElement,
  context: CanvasRenderingContext2D,
  motion: OrbMotion,
  presence: number,
  still: boolean,
): void {
  const pixels = Math.min(devicePixelRatio, 2);
  const size = element.clientWidth;
  if (size === 0) return;
  if (element.width !== Math.round(size * pixels)) {
    element.width = Math.round(size * pixels);
    element.height = element.width;
  }
  context.setTransform(pixels, 0, 0, pixels, 0, 0);
  context.clearRect(0, 0, size, size);
  const middle = size / 2;
  const rest = middle * REST;
  const strength = motion.strength * presence;

  const turn = still ? 2.4 : motion.turn * 0.7;
  const aside = { x: Math.cos(turn), y: Math.sin(turn) };

  const glow = context.createRadialGradient(middle, middle, rest * 0.7, middle, middle, middle);
  glow.addColorStop(0, css(motion.color, (0.2 + 0.32 * motion.level) * strength));
  glow.addColorStop(0.5, css(motion.color, (0.06 + 0.16 * motion.level) * strength));
  glow.addColorStop(1, css(motion.color, 0));
  context.fillStyle = glow;
  context.fillRect(0, 0, size, size);

  // The other voice shines from behind, and goes round: more of it shows while its owner is waited for.
  const shift = rest * (0.1 + 0.08 * motion.stir);
  const behind = { x: middle + aside.x * shift, y: middle + aside.y * shift };
  layer(context, motion, behind, rest * 0.99, 2, css(motion.shade, 0.9 * strength), still);
  const veil = { x: middle - aside.x * shift * 0.5, y: middle - aside.y * shift * 0.5 };
  layer(context, motion, veil, rest * 1.06, 1, css(motion.color, 0.28 * strength), still);

  const light = { x: middle - aside.x * rest * 0.4, y: middle - rest * 0.35 };
  const body = context.createRadialGradient(light.x, light.y, rest * 0.05, middle, middle, rest * 1.2);
  body.addColorStop(0, css(blend(motion.color, WHITE, 0.5), strength));
  body.addColorStop(0.5, css(motion.color, strength));
  body.addColorStop(1, css(blend(motion.color, motion.deep, 0.75), strength));
  // A pale body must not let the voice behind shine through: their colours together are mud.
  context.globalCompositeOperation = 'destination-out';
  layer(context, motion, { x: middle, y: middle }, rest, 0, '#000', still);
  context.globalCompositeOperation = 'source-over';
  layer(context, motion, { x: middle, y: middle }, rest, 0, body, still);
}

function layer(
  context: CanvasRenderingContext2D,
  motion: OrbMotion,
  center: { readonly x: number; readonly y: number },
  radius: number,
  index: number,
  fill: string | CanvasGradient,
  still: boolean,
): void {
  context.beginPath();
  for (let step = 0; step <= STEPS; step += 1) {
    const angle = (step / STEPS) * 2 * Math.PI;
    const reach = radius * (still ? 1 : outline(motion, angle, index));
    context.lineTo(center.x + Math.cos(angle) * reach, center.y + Math.sin(angle) * reach);
  }
  context.closePath();
  context.fillStyle = fill;
  context.fill();
}

const blend = (from: Rgb, to: Rgb, share: number): Rgb => [
  from[0] + (to[0] - from[0]) * share,
  from[1] + (to[1] - from[1]) * share,
  from[2] + (to[2] - from[2]) * share,
];
