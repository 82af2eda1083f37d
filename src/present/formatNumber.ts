const SUPERSCRIPTS = '⁰¹²³⁴⁵⁶⁷⁸⁹';
/** Narrow no-break space: between digit groups, and before an SI prefix. */
const THIN = '\u202f';
const PREFIXES = ['', 'k', 'M', 'G', 'T'];

/**
 * A number for people: 0.0821, 12.3, 4.56 k, 7.8 M, 3.2×10⁻⁴.
 * @param digits significant digits at most; zeros at the end are left out.
 */
export function formatNumber(value: number | null | undefined, digits = 4): string {
  if (value === null || value === undefined) return '–';
  if (!Number.isFinite(value)) return Number.isNaN(value) ? 'NaN' : value > 0 ? '∞' : '−∞';
  if (value === 0) return '0';
  const rounded = Number(value.toPrecision(digits));
  const size = Math.abs(rounded);
  const minus = rounded < 0 ? '−' : '';
  const exponent = Math.floor(Math.log10(size) + 1e-12);
  if (exponent < -3 || exponent >= 3 * PREFIXES.length) {
    const mantissa = plain(Number((size / 10 ** exponent).toPrecision(digits)));
    return `${minus}${mantissa === '1' ? '' : `${mantissa}×`}10${superscript(exponent)}`;
  }
  // Four digits are read as they are.
  const group = size < 10_000 ? 0 : Math.floor(exponent / 3);
  const scaled = plain(Number((size / 1000 ** group).toPrecision(digits)));
  return `${minus}${group === 0 ? grouped(scaled) : `${scaled}${THIN}${PREFIXES[group]}`}`;
}

/** A whole number with its digits in groups: 12 345. */
export function formatCount(value: number): string {
  return grouped(String(Math.round(value)));
}

/** 75 → "1 min 15 s". */
export function formatDuration(seconds: number): string {
  if (!Number.isFinite(seconds)) return '–';
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole}${THIN}s`;
  if (whole < 3600) return `${Math.floor(whole / 60)}${THIN}min ${whole % 60}${THIN}s`;
  return `${Math.floor(whole / 3600)}${THIN}h ${Math.floor((whole % 3600) / 60)}${THIN}min`;
}

function plain(value: number): string {
  return value.toLocaleString('en-US', { useGrouping: false, maximumSignificantDigits: 15 });
}

function grouped(digits: string): string {
  const [whole = '', rest] = digits.split('.');
  const groups = whole.length > 4 ? whole.replace(/\B(?=(\d{3})+$)/g, THIN) : whole;
  return rest === undefined ? groups : `${groups}.${rest}`;
}

function superscript(exponent: number): string {
  const digits = [...String(Math.abs(exponent))].map((digit) => SUPERSCRIPTS[Number(digit)]).join('');
  return exponent < 0 ? `⁻${digits}` : digits;
}
