export function totals(text: string): { passed: number; failed: number };
