type Numbers = ArrayLike<number>;

/** Extents and forms of a layer, by the names of torch.nn.TransformerEncoderLayer. */
export interface EncoderShape {
  d_model: number;
  nhead: number;
  dim_feedforward: number;
  activation: 'relu' | 'gelu';
  layer_norm_eps: number;
  norm_first: boolean;
  causal: boolean;
}

/** By what an element is multiplied: 0 or 1/(1 − p). Of the weights (part 0) by head, row and column, else by row and column. */
export type DropFactor = (part: 0 | 1 | 2 | 3, head: number, row: number, column: number) => number;

/** erf x = 2/√π · e^(−x²) · Σ 2ⁿ x^(2n+1) / (2n+1)!!, whose terms have one sign (Abramowitz & Stegun 7.1.6). */
function erf(x: number): number {
  if (Math.abs(x) > 6) return Math.sign(x);
  let term = x;
  let sum = x;
  for (let n = 1; Math.abs(term) > 1e-18 * Math.abs(sum); n++) {
    term *= (2 * x * x) / (2 * n + 1);
    sum += term;
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum;
}

/** y = x·Wᵀ + b. x [rows, inputs], W [outputs, inputs], b [outputs] or nothing. */
export function dense(x: Numbers, weight: Numbers, bias: Numbers | null, inputs: number): Float64Array {
  const outputs = weight.length / inputs;
  const rows = x.length / inputs;
  const y = new Float64Array(rows * outputs);
  for (let row = 0; row < rows; row++) {
    for (let o = 0; o < outputs; o++) {
      let sum = bias ? (bias[o] as number) : 0;
      for (let k = 0; k < inputs; k++) {
        sum += (x[row * inputs + k] as number) * (weight[o * inputs + k] as number);
      }
      y[row * outputs + o] = sum;
    }
  }
  return y;
}

/** (x − mean)/√(variance + eps)·w + b over each row of `width` numbers, the variance the biased one. */
export function layerNorm(
  x: Numbers,
  weight: Numbers,
  bias: Numbers | null,
  eps: number,
  width: number,
): Float64Array {
  const y = new Float64Array(x.length);
  for (let row = 0; row * width < x.length; row++) {
    let mean = 0;
    for (let k = 0; k < width; k++) mean += (x[row * width + k] as number) / width;
    let variance = 0;
    for (let k = 0; k < width; k++) variance += ((x[row * width + k] as number) - mean) ** 2 / width;
    for (let k = 0; k < width; k++) {
      const normalized = ((x[row * width + k] as number) - mean) / Math.sqrt(variance + eps);
      y[row * width + k] = normalized * (weight[k] as number) + (bias ? (bias[k] as number) : 0);
    }
  }
  return y;
}

/**
 * One sequence through a TransformerEncoderLayer as PyTorch's documentation has it, in float64. x [T, d_model] → [T, d_model].
 * @param tensors by their names in the state dict; biases may be missing
 */
export function encoderLayer(
  x: Numbers,
  shape: EncoderShape,
  tensors: Readonly<Record<string, Numbers>>,
  factor: DropFactor = () => 1,
): Float64Array {
  const { d_model: width, nhead: heads, layer_norm_eps: eps } = shape;
  const places = x.length / width;
  const of = (name: string): Numbers => tensors[name] as Numbers;
  const maybe = (name: string): Numbers | null => tensors[name] ?? null;
  const dropped = (y: Float64Array, part: 1 | 2 | 3, columns: number): Float64Array =>
    y.map((v, i) => v * factor(part, 0, Math.floor(i / columns), i % columns));
  const plus = (a: Numbers, b: Numbers): Float64Array => Float64Array.from(a, (v, i) => v + (b[i] as number));

  const attend = (h: Numbers): Float64Array => {
    const qkv = dense(h, of('self_attn.in_proj_weight'), maybe('self_attn.in_proj_bias'), width);
    const each = width / heads;
    const at = (third: number, t: number, head: number, k: number): number =>
      qkv[t * 3 * width + third * width + head * each + k] as number;
    const out = new Float64Array(places * width);
    for (let head = 0; head < heads; head++) {
      for (let t = 0; t < places; t++) {
        const end = shape.causal ? t + 1 : places;
        const scores: number[] = [];
        for (let s = 0; s < end; s++) {
          let score = 0;
          for (let k = 0; k < each; k++) score += at(0, t, head, k) * at(1, s, head, k);
          scores.push(score / Math.sqrt(each));
        }
        const top = Math.max(...scores);
        const total = scores.reduce((sum, score) => sum + Math.exp(score - top), 0);
        for (let s = 0; s < end; s++) {
          const weight = (Math.exp((scores[s] as number) - top) / total) * factor(0, head, t, s);
          for (let k = 0; k < each; k++) {
            const i = t * width + head * each + k;
            out[i] = (out[i] as number) + weight * at(2, s, head, k);
          }
        }
      }
    }
    const mixed = dense(out, of('self_attn.out_proj.weight'), maybe('self_attn.out_proj.bias'), width);
    return dropped(mixed, 1, width);
  };
  const feedForward = (h: Numbers): Float64Array => {
    const hidden = dense(h, of('linear1.weight'), maybe('linear1.bias'), width).map((z) =>
      shape.activation === 'relu' ? Math.max(0, z) : 0.5 * z * (1 + erf(z / Math.SQRT2)),
    );
    const kept = dropped(hidden, 2, shape.dim_feedforward);
    const mixed = dense(kept, of('linear2.weight'), maybe('linear2.bias'), shape.dim_feedforward);
    return dropped(mixed, 3, width);
  };
  const norm = (h: Numbers, name: string): Float64Array =>
    layerNorm(h, of(`${name}.weight`), maybe(`${name}.bias`), eps, width);

  if (shape.norm_first) {
    const attended = plus(x, attend(norm(x, 'norm1')));
    return plus(attended, feedForward(norm(attended, 'norm2')));
  }
  const attended = norm(plus(x, attend(x)), 'norm1');
  return norm(plus(attended, feedForward(attended)), 'norm2');
}
