/** `43.2 ± 2.8`, the spread less prominent. */
export function Spread({ text }: { text: string }) {
  const [median, spread] = text.split(' ± ');
  return (
    <>
      {median} {spread !== undefined && <span class="spread">± {spread}</span>}
    </>
  );
}
