/** An error on its way out of a page: classes do not travel. */
export interface JobFailure {
  name: string;
  message: string;
  stack?: string;
}
