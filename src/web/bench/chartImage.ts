/** What of an element's computed style its drawing depends on. */
const STYLE = [
  'fill',
  'fill-opacity',
  'stroke',
  'stroke-width',
  'stroke-dasharray',
  'stroke-linejoin',
  'opacity',
  'paint-order',
  'font-family',
  'font-size',
  'font-weight',
  'text-anchor',
  'dominant-baseline',
  'font-variant-numeric',
];

/** A chart of the page as a file of its own, in the colours that it has now: a `<style>` of the page reaches it no more. */
export function svgText(svg: SVGSVGElement): string {
  const copy = svg.cloneNode(true) as SVGSVGElement;
  const copies = [copy, ...copy.querySelectorAll<SVGElement>('*')];
  [svg, ...svg.querySelectorAll('*')].forEach((element, i) => {
    const style = getComputedStyle(element);
    const target = copies[i]!;
    for (const name of target.getAttributeNames()) {
      if (/^(class|role|tabindex|aria-|data-)/.test(name)) target.removeAttribute(name);
    }
    // Not as an attribute's text, which the page's content security policy refuses.
    for (const name of STYLE) target.style.setProperty(name, style.getPropertyValue(name));
  });
  const page = document.createElementNS('http://www.w3.org/2000/svg', 'rect');
  page.setAttribute('width', '100%');
  page.setAttribute('height', '100%');
  page.setAttribute('fill', getComputedStyle(document.documentElement).getPropertyValue('--card').trim());
  copy.prepend(page);
  copy.setAttribute('xmlns', 'http://www.w3.org/2000/svg');
  return new XMLSerializer().serializeToString(copy);
}

/** The same as pixels, `scale` of them to a CSS pixel. */
export async function pngOf(svg: SVGSVGElement, scale = 2): Promise<Blob> {
  const image = new Image();
  const address = URL.createObjectURL(new Blob([svgText(svg)], { type: 'image/svg+xml' }));
  try {
    image.src = address;
    await image.decode();
  } finally {
    URL.revokeObjectURL(address);
  }
  const canvas = new OffscreenCanvas(scale * svg.clientWidth, scale * svg.clientHeight);
  canvas.getContext('2d')!.drawImage(image, 0, 0, canvas.width, canvas.height);
  return canvas.convertToBlob({ type: 'image/png' });
}
