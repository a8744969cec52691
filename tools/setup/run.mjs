import { spawn } from 'node:child_process';

/**
 * Runs a command to its end and never throws.
 *
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv, seconds?: number, signal?: AbortSignal }} [options]
 * @returns {Promise<{ ok: boolean, stdout: string, output: string }>} `output`: both streams
 */
export function run(command, args, { cwd, env, seconds, signal } = {}) {
  return new Promise((resolve) => {
    const timeout = seconds === undefined ? [] : [AbortSignal.timeout(seconds * 1000)];
    const child = spawn(command, args, {
      cwd,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      signal: AbortSignal.any([...(signal ? [signal] : []), ...timeout]),
    });
    let stdout = '';
    let output = '';
    child.stdout.on('data', (text) => {
      stdout += text;
      output += text;
    });
    child.stderr.on('data', (text) => (output += text));
    child.on('error', (error) => {
      const why =
        error.name === 'AbortError' && !signal?.aborted
          ? `stopped after ${seconds} s`
          : error.message;
      resolve({ ok: false, stdout, output: `${output}\n${why}` });
    });
    child.on('close', (code) => resolve({ ok: code === 0, stdout, output }));
  });
}

/** The last lines that say something, for an error message. */
export function lastLines(text, count = 4) {
  return text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .slice(-count)
    .map((line) => `    ${line}`)
    .join('\n');
}
