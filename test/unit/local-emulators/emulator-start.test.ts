import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startEmulator } from '#local/emulators/child-process.ts';
import { findJava, javaMajorVersion } from '#local/emulators/java.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'emulator-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

function start(script: string, readyWithinMs = 20_000) {
  return startEmulator({
    name: 'toy',
    command: process.execPath,
    arguments: ['-e', script],
    workingDirectory: directory,
    logFile: join(directory, 'log', 'toy.log'),
    readyWithinMs,
  });
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

describe('starting an emulator', () => {
  it('waits for the line that says where it listens, and stop ends it', async () => {
    const toy = await start(
      "console.log('hello'); console.log('listening on 127.0.0.1:4711'); process.stdin.on('end', () => process.exit()).resume()",
    );
    expect(toy.endpoint).toBe('http://127.0.0.1:4711');
    await toy.stop();
    expect(isAlive(toy.pid)).toBe(false);
  });

  it('that ends too early is an error with the end of its log', async () => {
    await expect(start("console.error('the port is taken'); process.exit(3)")).rejects.toThrow(
      /toy ended with exit code 3\..*log[\s\S]*the port is taken/,
    );
  });

  it('that never becomes ready is an error, and it is not left running', async () => {
    const pidFile = join(directory, 'pid');
    const script = `require('fs').writeFileSync(${JSON.stringify(pidFile)}, String(process.pid)); setInterval(() => {}, 1000)`;
    await expect(start(script, 1_000)).rejects.toThrow(/toy did not become ready within 1000 ms/);
    const pid = Number(readFileSync(pidFile, 'utf8'));
    await expect.poll(() => isAlive(pid)).toBe(false);
  });

  it('whose program is missing is an error', async () => {
    const options = { name: 'toy', arguments: [], workingDirectory: directory, logFile: join(directory, 'toy.log') };
    await expect(startEmulator({ ...options, command: '/nonexistent/program' })).rejects.toThrow(/ENOENT/);
  });
});

describe('finding Java', () => {
  it.each([
    ['openjdk version "17.0.15" 2025-04-15', 17],
    ['java version "1.8.0_392"', 8],
    ['openjdk version "21" 2023-09-19', 21],
    ['The program java can be found in …', undefined],
  ])('%s is version %s', (text, expected) => {
    expect(javaMajorVersion(text)).toBe(expected);
  });

  it('says which package to install when there is none', async () => {
    await expect(findJava({ JAVA_HOME: directory })).rejects.toThrow(/is not installed.*openjdk-17-jdk-headless/);
  });
});
