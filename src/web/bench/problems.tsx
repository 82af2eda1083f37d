/** What went wrong, said at once. */
export function Problems({ title, messages }: { title: string; messages: readonly string[] }) {
  return (
    <section class="banner problem" role="alert">
      <h2>{title}</h2>
      {messages.map((message) => (
        <p key={message} class="message">
          {message}
        </p>
      ))}
    </section>
  );
}
