export type Part = 'database' | 'java';
export const EXIT_FAILURE: number;
export const EXIT_USAGE: number;
export const EXIT_PRECONDITION: number;
export const MINIMUM_JAVA: number;
export function nodeMajor(version: string): number;
export function readJavaRelease(text: string): { major: number; compiler: boolean } | undefined;
export function javaMajor(version: string): number;
export function partsNeeded(
  mode: string,
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): { database: boolean; java: boolean };
export function missingSystemParts(
  needed: { database: boolean; java: boolean },
  found: { database: unknown; java: unknown },
): Part[];
export function describeParts(parts: readonly Part[]): string;
export function debianPackages(missing: readonly Part[], isAvailable?: (name: string) => boolean): string[];
export function otherSystemCommand(missing: readonly Part[], hasProgram: (name: string) => boolean): string | undefined;
export function aptPrefix(rights: {
  isRoot: boolean;
  hasSudo: boolean;
  sudoWithoutPassword: boolean;
  isTerminal: boolean;
}): string[] | undefined;
export interface NpmLock {
  packages?: Record<string, { version?: string; integrity?: string; optional?: boolean }>;
}
export function packagesMatchLock(lock: NpmLock, installed: NpmLock): boolean;
