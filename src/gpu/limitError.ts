/** What was asked for passes a limit of the adapter. The message has both numbers. */
export class LimitError extends Error {
  override readonly name = 'LimitError';
}
