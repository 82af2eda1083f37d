import { size } from '../../../src/ops/graph.ts';
import type { Window2d } from '../../../src/ops/window2d.ts';
import { avgPool2d, avgPool2dGradient, type Pool2dExtents } from '../../../src/reference/pool2d.ts';
import { exact, isUndecided, sumOf, UNDECIDED } from './bounded.ts';
import { largest } from './choices.ts';
import type { Rule } from './rule.ts';
import { at, linear, make } from './values.ts';

function extentsOf([n, channels, height, width]: readonly number[], window: Window2d): Pool2dExtents {
  return {
    planes: n! * channels!,
    height: height!,
    width: width!,
    kernel: [window.kernelHeight, window.kernelWidth],
    stride: [window.strideHeight, window.strideWidth],
    padding: [window.padHeight, window.padWidth],
  };
}

/** Pixels of each window within its own plane, row-major. */
function windowsOf(e: Pool2dExtents, [down, across]: readonly number[]): number[][] {
  return Array.from({ length: down! * across! }, (_, w) => {
    const top = Math.floor(w / across!) * e.stride[0] - e.padding[0];
    const left = (w % across!) * e.stride[1] - e.padding[1];
    const pixels: number[] = [];
    for (let row = Math.max(0, top); row < Math.min(e.height, top + e.kernel[0]); row++) {
      for (let column = Math.max(0, left); column < Math.min(e.width, left + e.kernel[1]); column++) {
        pixels.push(row * e.width + column);
      }
    }
    return pixels;
  });
}

export const pooling: Readonly<Record<string, Rule>> = {
  avgPool2d: ({ inputs: [x], attributes: { window } }, [values]) => {
    const e = extentsOf(x!.shape, window);
    return [linear((v) => avgPool2d(e, v), values!, e.kernel[0] * e.kernel[1])];
  },
  avgPool2dGradient: ({ outputs: [dx], attributes: { window } }, [d]) => {
    const e = extentsOf(dx!.shape, window);
    return [linear((v) => avgPool2dGradient(e, v), d!, e.kernel[0] * e.kernel[1])];
  },
  maxPool2d: ({ inputs: [x], outputs: [y], attributes: { window } }, [values]) => {
    const e = extentsOf(x!.shape, window);
    const windows = windowsOf(e, y!.shape.slice(2));
    const plane = e.height * e.width;
    const made = Array.from({ length: size(y!.shape) }, (_, i) => {
      const pixels = windows[i % windows.length]!;
      const first = Math.floor(i / windows.length) * plane;
      const { value, place } = largest(
        pixels.map((pixel) => at(values!, first + pixel)),
        'last',
      );
      return { value, pixel: isUndecided(place) ? UNDECIDED : exact(pixels[place.value]!) };
    });
    return [make(made.length, (i) => made[i]!.value), make(made.length, (i) => made[i]!.pixel)];
  },
  poolGather: ({ inputs: [x], outputs: [y] }, [values, indices]) => {
    const plane = size(x!.shape.slice(2));
    const positions = size(y!.shape.slice(2));
    return [
      make(size(y!.shape), (i) => {
        const pixel = at(indices!, i);
        if (isUndecided(pixel) || pixel.value >= plane) return UNDECIDED;
        return at(values!, Math.floor(i / positions) * plane + pixel.value);
      }),
    ];
  },
  poolScatter: ({ outputs: [dx], inputs: [dy], attributes: { window } }, [d, indices]) => {
    const e = extentsOf(dx!.shape, window);
    const plane = e.height * e.width;
    const windows = windowsOf(e, dy!.shape.slice(2));
    const terms = Array.from({ length: size(dx!.shape) }, () => [exact(0)]);
    for (let i = 0; i < d!.value.length; i++) {
      const first = Math.floor(i / windows.length) * plane;
      const pixel = at(indices!, i);
      const window = windows[i % windows.length]!;
      // A window hands nothing to a pixel that is not its own; what a kernel does with one is left open.
      if (isUndecided(pixel)) for (const other of window) terms[first + other]!.push(UNDECIDED);
      else if (!window.includes(pixel.value)) terms[first + (pixel.value % plane)]!.push(UNDECIDED);
      else terms[first + pixel.value]!.push(at(d!, i));
    }
    return [make(terms.length, (i) => (terms[i]!.length === 1 ? exact(0) : sumOf(terms[i]!)))];
  },
};
