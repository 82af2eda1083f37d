/** What ended the last job. */
export function FailureView({ error }: { error: string | undefined }) {
  if (error === undefined) return null;
  return (
    <section class="banner problem" role="alert">
      <h2>It ended with an error</h2>
      <p class="message">{error}</p>
    </section>
  );
}
