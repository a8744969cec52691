/**
 * From now on a signal does not open this process to a debugger. Isolated code may send signals, and whoever speaks to
 * the debugger has the rights of the process.
 */
export function refuseDebugger(): void {
  if (process.platform !== 'win32') process.on('SIGUSR1', () => undefined);
}
