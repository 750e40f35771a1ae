/** An amount of dollars as the plans tell it: small ones in full, because most are far below a cent. */

export const listPrice = (dollars: number): string => `$${dollars.toFixed(dollars < 0.01 ? 6 : 2)} at list price`;
