/** What ended the last job, or why a file was refused. */
export function FailureView({ error }: { error: string | undefined }) {
  if (error === undefined) return null;
  return (
    <section class="banner problem" role="alert">
      <h2>That did not work</h2>
      <p class="message">{error}</p>
    </section>
  );
}
