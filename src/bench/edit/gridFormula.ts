type Values = Readonly<Record<string, number>>;

const TOKEN = /\s*(?:(\d+)u?|([A-Za-z_]\w*)|([-+*/%(),]))\s*/y;
const FUNCTIONS: Readonly<Record<string, (...given: readonly number[]) => number>> = {
  ceil: (x = Number.NaN) => Math.ceil(x),
  floor: (x = Number.NaN) => Math.floor(x),
  min: Math.min,
  max: Math.max,
};

/**
 * Workgroups of a kernel, as a formula of its parameters and constants: `ceil(m / TILE_M) * ceil(n / TILE_N)`. Divides as on paper; `+ - * / %`,
 * brackets, `ceil`, `floor`, `min`, `max`.
 * @throws with what was found and what was expected, also where the value is no whole number from 1 on
 */
export function gridFormula(formula: string, values: Values): number {
  const value = new Formula(formula, values).value();
  if (Number.isInteger(value) && value > 0) return value;
  throw new Error(`${formula} is ${value}, expected a whole number of workgroups from 1 on`);
}

class Formula {
  readonly #text: string;
  readonly #values: Values;
  readonly #tokens: readonly string[];
  #at = 0;

  constructor(text: string, values: Values) {
    this.#text = text;
    this.#values = values;
    this.#tokens = tokensOf(text);
  }

  value(): number {
    const value = this.#sum();
    if (this.#at < this.#tokens.length) this.#refuse('an operator');
    return value;
  }

  #sum(): number {
    let left = this.#product();
    for (;;) {
      if (this.#take('+')) left += this.#product();
      else if (this.#take('-')) left -= this.#product();
      else return left;
    }
  }

  #product(): number {
    let left = this.#factor();
    for (;;) {
      if (this.#take('*')) left *= this.#factor();
      else if (this.#take('/')) left /= this.#factor();
      else if (this.#take('%')) left %= this.#factor();
      else return left;
    }
  }

  #factor(): number {
    if (this.#take('(')) {
      const value = this.#sum();
      this.#expect(')');
      return value;
    }
    const word = this.#tokens[this.#at] ?? '';
    if (!/^\w+$/.test(word)) return this.#refuse('a number, a name or a bracket');
    this.#at++;
    if (/^\d/.test(word)) return Number.parseInt(word, 10);
    if (this.#take('(')) return this.#call(word);
    const value = Object.hasOwn(this.#values, word) ? this.#values[word] : undefined;
    if (value !== undefined) return value;
    throw new Error(
      `${this.#text}: there is no ${word}, expected one of ${Object.keys(this.#values).join(', ')}`,
    );
  }

  #call(name: string): number {
    const call = Object.hasOwn(FUNCTIONS, name) ? FUNCTIONS[name] : undefined;
    if (!call) {
      throw new Error(
        `${this.#text}: no function is called ${name}, expected one of ${Object.keys(FUNCTIONS).join(', ')}`,
      );
    }
    const given = [this.#sum()];
    while (this.#take(',')) given.push(this.#sum());
    this.#expect(')');
    return call(...given);
  }

  #take(token: string): boolean {
    if (this.#tokens[this.#at] !== token) return false;
    this.#at++;
    return true;
  }

  #expect(token: string): void {
    if (!this.#take(token)) this.#refuse(token);
  }

  #refuse(expected: string): never {
    const found = this.#tokens[this.#at];
    throw new Error(`${this.#text}: found ${found ?? 'its end'}, expected ${expected}`);
  }
}

function tokensOf(text: string): string[] {
  const tokens: string[] = [];
  const token = new RegExp(TOKEN);
  while (token.lastIndex < text.length) {
    const at = token.lastIndex;
    const match = token.exec(text);
    if (!match) throw new Error(`${text}: found ${text.slice(at).trim()[0]}, expected a formula`);
    tokens.push(match[1] ?? match[2] ?? match[3]!);
  }
  return tokens;
}
