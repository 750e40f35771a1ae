import type { Part } from './decisions.mjs';

type Environment = Readonly<Record<string, string | undefined>>;
export function findProgram(name: string, env: Environment, extra?: readonly string[]): string | undefined;
export function findDatabaseServer(env: Environment): string | undefined;
export function findJava(env: Environment): { home: string; major: number } | undefined;
export function aptCommand(missing: readonly Part[]): string;
