/** Goes through some work, tells each of its news as events, and returns what it returns. Left early, it ends the work. */
export async function* relay<News, Event, Result>(
  work: AsyncGenerator<News, Result, void>,
  tell: (news: News) => Iterable<Event>,
): AsyncGenerator<Event, Result, void> {
  try {
    for (;;) {
      const next = await work.next();
      if (next.done) return next.value;
      yield* tell(next.value);
    }
  } finally {
    await work.return(undefined as Result);
  }
}
