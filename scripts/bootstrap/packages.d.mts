export function installPackages(root: string, say: (line: string) => void): Promise<boolean>;
export function isInstalled(root: string): boolean;
export function packagedNode(root: string): string | undefined;
export function linkRelay(root: string): void;
