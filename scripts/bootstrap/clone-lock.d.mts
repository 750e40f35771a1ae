export function takeLock(path: string, onWait: (holder: string) => void): Promise<() => void>;
export function tryLock(
  path: string,
): { release: () => void; holder?: undefined } | { release?: undefined; holder: string };
