const mostBytes = 2 ** 20;
const mostInAll = 256 * 2 ** 20;

/**
 * Reads messages, a line of JSON each, of a process that may write anything.
 *
 * @param onFault called once where a line cannot be read or is too long, or all of them are too many; nothing is read after it
 */
export function eachMessage(
  stream: NodeJS.ReadableStream,
  onMessage: (message: unknown) => void,
  onFault: (what: string) => void,
): void {
  let rest = '';
  let all = 0;
  let isOver = false;
  const stop = (what: string) => {
    isOver = true;
    rest = '';
    onFault(what);
  };
  stream.setEncoding('utf8');
  stream.on('error', () => undefined);
  stream.on('data', (text: string) => {
    if (isOver) return;
    all += text.length;
    if (all > mostInAll) return stop(`more than ${mostInAll} bytes of messages.`);
    const lines = (rest + text).split('\n');
    rest = lines.pop()!;
    if (rest.length > mostBytes || lines.some((line) => line.length > mostBytes)) {
      return stop(`a message of more than ${mostBytes} bytes.`);
    }
    for (const line of lines) {
      if (isOver) return;
      try {
        onMessage(JSON.parse(line));
      } catch {
        return stop('a message that cannot be read.');
      }
    }
  });
}
