/** Whether a process of this machine is there. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // Someone else's is there as well.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
