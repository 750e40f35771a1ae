/** A word that can be pasted into a command of a shell as it stands. */

export function quoteForShell(word: string): string {
  return /^[\w.:@%+=/-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
