/** Splits `B_{simple} = …` into its pieces on and below the line. */
export function scriptPieces(text: string): { text: string; below: boolean }[] {
  return text
    .split(/_\{([^}]*)\}/)
    .map((piece, index) => ({ text: piece, below: index % 2 === 1 }))
    .filter((piece) => piece.text !== '');
}
