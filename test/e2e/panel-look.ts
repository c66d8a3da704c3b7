/** One thing on a page that nobody should ship. */
export interface LookFault {
  readonly what: 'contrast' | 'overflow' | 'raw key';
  readonly text: string;
}

/**
 * Runs inside the page. Measures every text in sight against the ground that it stands on (WCAG 2.2 AA: 4.5 : 1, large letters
 * 3 : 1), and looks for what is wider than the page and for words that nobody has translated.
 */
export function lookAtPage(): readonly LookFault[] {
  interface Colour {
    readonly red: number;
    readonly green: number;
    readonly blue: number;
    readonly alpha: number;
  }
  const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true })!;
  const known = new Map<string, Colour>();
  const colourOf = (value: string): Colour => {
    let colour = known.get(value);
    if (!colour) {
      canvas.clearRect(0, 0, 1, 1);
      canvas.fillStyle = value;
      canvas.fillRect(0, 0, 1, 1);
      const [red = 0, green = 0, blue = 0, alpha = 0] = canvas.getImageData(0, 0, 1, 1).data;
      colour = { red, green, blue, alpha: alpha / 255 };
      known.set(value, colour);
    }
    return colour;
  };
  const over = (top: Colour, below: Colour): Colour => {
    const mix = (above: number, under: number): number => above * top.alpha + under * (1 - top.alpha);
    return {
      red: mix(top.red, below.red),
      green: mix(top.green, below.green),
      blue: mix(top.blue, below.blue),
      alpha: 1,
    };
  };
  const root = getComputedStyle(document.documentElement).backgroundColor;
  const grounds = new Map<Element, Colour>();
  const groundOf = (element: Element | null): Colour => {
    if (!element) return colourOf(root);
    let ground = grounds.get(element);
    if (!ground) {
      const own = colourOf(getComputedStyle(element).backgroundColor);
      ground = own.alpha === 1 ? own : over(own, groundOf(element.parentElement));
      grounds.set(element, ground);
    }
    return ground;
  };
  const luminance = ({ red, green, blue }: Colour): number => {
    const linear = (channel: number): number =>
      channel <= 10.31475 ? channel / 3294.6 : ((channel / 255 + 0.055) / 1.055) ** 2.4;
    return 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue);
  };
  const ratio = (one: Colour, other: Colour): number => {
    const [dark = 0, light = 0] = [luminance(one), luminance(other)].toSorted((a, b) => a - b);
    return (light + 0.05) / (dark + 0.05);
  };
  const isSeen = (element: Element): boolean =>
    element.checkVisibility({ opacityProperty: true, visibilityProperty: true }) &&
    element.closest(':disabled, [aria-disabled=true], option') === null;

  // Colours on their way to others would be measured in between.
  for (const animation of document.getAnimations()) {
    if (animation instanceof CSSTransition) animation.finish();
  }
  const faults: LookFault[] = [];
  for (const area of [document.documentElement, document.querySelector('[data-css=app-content]')]) {
    const wider = area ? area.scrollWidth - area.clientWidth : 0;
    if (wider > 0) faults.push({ what: 'overflow', text: `${wider} px` });
  }
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = texts.nextNode(); node; node = texts.nextNode()) {
    const text = node.textContent?.trim() ?? '';
    const element = node.parentElement;
    if (text === '' || !element || ['SCRIPT', 'STYLE'].includes(element.tagName) || !isSeen(element)) continue;
    if (/^[a-z]\w*(\.\w+)+$/.test(text) && !element.closest('code, pre, [data-verbatim]'))
      faults.push({ what: 'raw key', text });
    const style = getComputedStyle(element);
    const ground = groundOf(element);
    const letters = colourOf(element instanceof SVGElement ? style.fill : style.color);
    // Written for those who hear the page.
    if (letters.alpha === 0) continue;
    const measured = ratio(over(letters, ground), ground);
    const size = Number.parseFloat(style.fontSize);
    const large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
    if (measured < (large ? 3 : 4.5))
      faults.push({ what: 'contrast', text: `${measured.toFixed(2)}: ${text.slice(0, 60)}` });
  }
  for (const field of document.querySelectorAll<HTMLInputElement>('input, textarea, select')) {
    if (!isSeen(field) || ['checkbox', 'radio', 'hidden'].includes(field.type)) continue;
    const ground = groundOf(field);
    const measured = ratio(over(colourOf(getComputedStyle(field).color), ground), ground);
    if (measured < 4.5) faults.push({ what: 'contrast', text: `${measured.toFixed(2)}: the field ${field.id}` });
  }
  return faults;
}
