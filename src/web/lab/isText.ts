/** Whether data of this name are sequences of symbols, for which the form has a Transformer in the place of hidden layers. */
export function isText(data: string): boolean {
  const [name] = data.trim().split('?', 1) as [string];
  return /\.txt$/i.test(name) || ['moby-dick', 'markov-text'].includes(name);
}
