/**
 * The symbols of an equation: pointed at, touched or focused, one says what it means, is lit wherever it stands in the equation, and marks its
 * curve. One that was pressed stays until another one or itself is.
 * @param onCurve takes the name of the curve, '' for none
 */
export function bindSymbols(equation: HTMLElement, onCurve: (curve: string) => void): void {
  const buttons = new Map(
    [...equation.querySelectorAll<HTMLButtonElement>('[data-symbol]')].map((button) => [
      button.dataset.symbol!,
      button,
    ]),
  );
  const meaning = equation.querySelector<HTMLElement>('.meaning')!;
  const invitation = meaning.textContent ?? '';
  let pressed: string | undefined;

  const symbolAt = (target: EventTarget | null): string | undefined => {
    for (
      let element = target as Element | null;
      element && element !== equation;
      element = element.parentElement
    ) {
      const own =
        (element as HTMLElement).dataset?.symbol ??
        /\bof-(\w+)/.exec(element.getAttribute('class') ?? '')?.[1];
      if (own !== undefined && buttons.has(own)) return own;
    }
    return undefined;
  };
  const show = (symbol: string | undefined): void => {
    for (const lit of equation.querySelectorAll('.lit')) lit.classList.remove('lit');
    const button = symbol === undefined ? undefined : buttons.get(symbol);
    meaning.textContent = button?.dataset.meaning ?? invitation;
    if (symbol !== undefined) {
      for (const piece of equation.querySelectorAll(`.of-${symbol}, [data-symbol=${symbol}]`))
        piece.classList.add('lit');
    }
    onCurve(button?.dataset.curve ?? '');
  };

  equation.addEventListener('pointerover', (event) => show(symbolAt(event.target) ?? pressed));
  equation.addEventListener('pointerleave', () => show(pressed));
  equation.addEventListener('focusin', (event) => show(symbolAt(event.target) ?? pressed));
  equation.addEventListener('focusout', () => show(pressed));
  equation.addEventListener('click', (event) => {
    const symbol = symbolAt(event.target);
    if (symbol === undefined) return;
    pressed = pressed === symbol ? undefined : symbol;
    for (const [name, button] of buttons) button.setAttribute('aria-pressed', `${name === pressed}`);
    show(symbol);
  });
}
