import { scriptPieces } from '../present/scriptPieces.ts';

/** `B_{simple}` with its index below the line. */
export function Formula({ text }: { text: string }) {
  return (
    <span class="formula">
      {scriptPieces(text).map((piece, index) =>
        piece.below ? <sub key={index}>{piece.text}</sub> : piece.text,
      )}
    </span>
  );
}
